"""The program's own errors.

LlmchemError            one clear sentence: what is wrong, and the remedy
├── InputError          a file, an option or a setting of the user's (exit code 2)
└── ProviderError       a server or a model (session/provider.py)
"""


class LlmchemError(Exception):
    """Something that is told to the user in one sentence, without a traceback."""


class InputError(LlmchemError):
    """Bad input or settings: the sentence names the thing and says what to do."""
