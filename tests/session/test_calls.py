from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import pytest

from llmchem_tui.domain.model import Answer, Review, Status, Usage
from llmchem_tui.session.calls import Endpoint, Reply, Retrying, ask
from llmchem_tui.session.events import Call
from llmchem_tui.session.protocol import ANSWER_SCHEMA, REVIEW_SCHEMA
from llmchem_tui.session.provider import (
    BadReply,
    CallRequest,
    Delta,
    Ended,
    Finish,
    Loading,
    Message,
    RateLimited,
    ResponseTimeout,
    Text,
    Thinking,
    Unreachable,
)
from tests.session.scripted import (
    FOREVER,
    OK_ANSWER,
    OK_REVIEW,
    PROMPTS,
    VIGNETTE,
    Script,
    ScriptedProvider,
    answer_json,
    in_virtual_time,
    review_json,
    said,
    spec,
)

ASKED = Message("user", "What now?")
USAGE = Usage(10, 20, 3, 1.5)


class Asked:
    """One call, made: its reply or error, what was told, and the provider."""

    def __init__(self, *scripts: Script, review: bool = False) -> None:
        key = ("a", "b") if review else "a"
        self.provider = ScriptedProvider({key: scripts})
        self.told: list[tuple[Delta | Retrying, bool]] = []
        self.request = CallRequest(
            model=spec("a"),
            system="",
            messages=(ASKED,),
            schema=ANSWER_SCHEMA,
            seed=1,
            vignette=VIGNETTE,
            author="b" if review else None,
            subject=Answer("x") if review else None,
        )
        self.seconds = 0.0

    def reply(self) -> Reply:
        return in_virtual_time(self._ask())

    async def _ask(self) -> Reply:
        endpoint = Endpoint(self.provider, first_byte_seconds=600, idle_seconds=60)
        loop = asyncio.get_running_loop()
        try:
            return await ask(endpoint, self.request, PROMPTS, lambda *d: self.told.append(d))
        finally:
            self.seconds = loop.time()
            assert self.provider.open == []

    def messages(self) -> list[Sequence[Message]]:
        return [request.messages for request in self.provider.requests]


def test_a_reply_in_pieces_is_put_together_and_every_piece_is_told() -> None:
    text = answer_json()
    pieces = (Loading(), Thinking("Hm"), Text(text[:9]), Text(text[9:]), Ended(Finish.STOP, USAGE))
    call = Asked(pieces)
    reply = call.reply()
    assert reply.status is Status.OK
    assert isinstance(reply.value, Answer)
    assert reply.usage == USAGE
    assert reply.message == ""
    assert call.told == [(piece, False) for piece in pieces]
    assert call.messages() == [(ASKED,)]


def test_a_review_is_read_as_a_review() -> None:
    assert Asked(said(review_json(0.4)), review=True).reply().value == Review("Fits.", 0.4)


@pytest.mark.parametrize(
    ("script", "status", "message"),
    [
        (said(answer_json(), finish=Finish.REFUSAL), Status.REFUSED, "refused"),
        (said(answer_json(), finish=Finish.LENGTH), Status.TRUNCATED, "cut at 2048 tokens"),
        (said(answer_json(), finish=Finish.BROKEN), Status.TRUNCATED, "stream ended before"),
        ((Text(answer_json()),), Status.TRUNCATED, "stream ended before"),
        ((), Status.TRUNCATED, "stream ended before"),
        (said(" \n"), Status.EMPTY, "empty"),
        ((Thinking("So much."), Ended(Finish.STOP)), Status.EMPTY, "empty"),
        (said("", finish=Finish.LENGTH), Status.TRUNCATED, "before it began (thinking counts)"),
        (said(answer_json(), Usage(4098), Finish.UNREAD), Status.ERROR, "to 4098 tokens"),
        (
            (Text("a"), Ended(Finish.LENGTH, detail="the window was full")),
            Status.TRUNCATED,
            "the window was full",
        ),
        (
            (Text("a"), Ended(Finish.REFUSAL, detail="bio")),
            Status.REFUSED,
            "refused to answer (bio)",
        ),
    ],
)
def test_a_reply_that_is_not_whole_has_no_value_and_is_not_asked_for_again(
    script: Script, status: Status, message: str
) -> None:
    call = Asked(script)
    reply = call.reply()
    assert (reply.status, reply.value) == (status, None)
    assert message in reply.message
    assert len(call.messages()) == 1


def test_what_comes_after_the_end_is_not_waited_for() -> None:
    call = Asked((Text(answer_json()), Ended(Finish.STOP), FOREVER, Text("more")))
    assert call.reply().status is Status.OK
    assert call.seconds == 0
    assert call.provider.closed == [Call("a")]


# Repair.


def test_an_unreadable_reply_is_asked_for_once_more_with_what_was_wrong() -> None:
    call = Asked(said("gibberish", USAGE), said(answer_json(), USAGE))
    reply = call.reply()
    assert reply.status is Status.OK
    assert reply.usage == Usage(20, 40, 6, 3.0)
    first, second = call.messages()
    assert second[: len(first)] == first
    assert second[1] == Message("assistant", "gibberish")
    assert "it has no list of medications" in second[2].text
    assert second[2].text.endswith(json.dumps(ANSWER_SCHEMA))
    assert [repair for _, repair in call.told] == [False, False, True, True]


def test_after_a_second_unreadable_reply_the_call_is_unparsed() -> None:
    call = Asked(
        said("gibberish", Usage(1, 2)),
        said('{"medications": 1}', Usage(None, 3, load_seconds=0.5)),
        said(answer_json()),
    )
    reply = call.reply()
    assert (reply.status, reply.value) == (Status.UNPARSED, None)
    assert "no list of medications" in reply.message
    assert "medications is not a list" in reply.message
    assert reply.usage == Usage(1, 5, None, 0.5)
    assert len(call.messages()) == 2


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (said("", Usage(1, 1)), "the reply is empty"),
        (said("No.", Usage(1, 1), Finish.REFUSAL), "refused"),
        (said("{", Usage(1, 1), Finish.LENGTH), "cut at"),
    ],
)
def test_a_second_reply_that_ends_badly_leaves_the_call_unparsed(
    second: Script, message: str
) -> None:
    reply = Asked(said("gibberish", Usage(1, 1)), second).reply()
    assert reply.status is Status.UNPARSED
    assert message in reply.message
    assert reply.usage == Usage(2, 2)


@pytest.mark.parametrize("error", [Unreachable("the cable broke"), FOREVER])
def test_a_repair_that_fails_leaves_the_call_unparsed(error: Unreachable | float) -> None:
    reply = Asked(said("gibberish", USAGE), (error,)).reply()
    assert reply.status is Status.UNPARSED
    assert "no list of medications; asking again failed: " in reply.message
    assert reply.usage == USAGE


def test_what_was_readable_of_a_review_without_a_grade_is_kept() -> None:
    call = Asked(said(review_json(7, "Too much.")), said("gibberish"), review=True)
    reply = call.reply()
    assert (reply.status, reply.value) == (
        Status.UNPARSED,
        Review("Fits.", None, "Too much."),
    )
    assert "the grade 7 is not a number from 0 to 1" in reply.message


def test_a_review_is_asked_for_again_with_the_schema_of_reviews() -> None:
    call = Asked(said("gibberish"), said(review_json(0.5)), review=True)
    assert call.reply().status is Status.OK
    assert call.messages()[1][2].text.endswith(json.dumps(REVIEW_SCHEMA))


def test_of_two_reviews_without_a_grade_the_second_is_kept() -> None:
    call = Asked(said(review_json(7, "Old.")), said(review_json(8, "New.")), review=True)
    assert call.reply().value == Review("Fits.", None, "New.")


def test_only_the_beginning_of_a_very_long_reply_is_sent_back() -> None:
    call = Asked(said("x" * 100_000))
    call.reply()
    assert len(call.messages()[1][1].text) == 4000


# Patience.


def test_silence_before_the_first_byte_is_a_timeout_that_names_the_setting() -> None:
    call = Asked((Loading(), FOREVER))
    with pytest.raises(ResponseTimeout, match=r"600 s .*first byte.*first_byte_seconds"):
        call.reply()
    assert call.seconds == 600
    assert call.provider.closed == [Call("a")]


@pytest.mark.parametrize("piece", [Text("{"), Thinking("Hm")])
def test_silence_between_two_pieces_is_a_timeout_that_names_the_setting(piece: Delta) -> None:
    call = Asked((599.0, piece, FOREVER))
    with pytest.raises(ResponseTimeout, match=r"60 s .*more.*idle_seconds"):
        call.reply()
    assert call.seconds == 659
    assert call.provider.closed == [Call("a")]


def test_a_slow_but_steady_reply_is_waited_for() -> None:
    text = answer_json()
    steps = [step for character in text for step in (59.0, Text(character))]
    call = Asked((540.0, *steps, Ended(Finish.STOP)))
    assert call.reply().status is Status.OK


@pytest.mark.parametrize(
    "error", [BadReply("no protocol"), TimeoutError("a socket's"), ZeroDivisionError()]
)
def test_an_error_of_the_provider_is_passed_on_as_it_is(error: Exception) -> None:
    call = Asked((Text("{"), error))
    with pytest.raises(type(error)) as caught:
        call.reply()
    assert caught.value is error
    assert call.provider.closed == [Call("a")]


def busy(wait_seconds: float | None = None) -> Script:
    return (RateLimited("busy", transient=True, wait_seconds=wait_seconds),)


def test_a_busy_server_is_asked_again_after_pauses_that_grow() -> None:
    call = Asked(busy(), busy(), busy(), said(answer_json()))
    assert call.reply().status is Status.OK
    assert [type(told) for told, _ in call.told] == [Retrying] * 3 + [Text, Ended]
    assert 3.5 < call.seconds <= 3.5 * 1.5


def test_the_fourth_refusal_is_the_last() -> None:
    call = Asked(*[busy()] * 9)
    with pytest.raises(RateLimited):
        call.reply()
    assert len(call.provider.requests) == 4


def test_a_server_is_left_alone_as_long_as_it_asks() -> None:
    call = Asked(busy(40.0), said(answer_json()))
    assert call.reply().status is Status.OK
    assert call.seconds == 40.0


def test_a_server_that_asks_for_too_long_is_given_up_at_once() -> None:
    call = Asked(busy(3600.0), said(answer_json()))
    with pytest.raises(RateLimited):
        call.reply()
    assert call.seconds == 0.0


@pytest.mark.parametrize(
    "script",
    [
        (Unreachable("gone for good"),),
        (Text("Half a re"), Unreachable("broke", transient=True)),
        (Thinking("Hm"), Unreachable("broke", transient=True)),
    ],
)
def test_what_cannot_help_or_has_begun_is_not_asked_again(script: Script) -> None:
    call = Asked(script, said(answer_json()))
    with pytest.raises(Unreachable):
        call.reply()
    assert len(call.provider.requests) == 1


def test_loading_is_no_part_of_a_reply() -> None:
    call = Asked((Loading(), *busy()), said(answer_json()))
    assert call.reply().status is Status.OK


def test_calls_that_failed_together_do_not_come_back_together() -> None:
    answer, review = Asked(busy(), OK_ANSWER), Asked(busy(), OK_REVIEW, review=True)
    assert answer.reply().status is review.reply().status is Status.OK
    assert answer.seconds != review.seconds


def test_what_the_server_refuses_is_known_of_the_reply() -> None:
    ended = Ended(Finish.STOP, USAGE, refused=("temperature",))
    assert Asked((Text(answer_json()), ended)).reply().refused == ("temperature",)
