from __future__ import annotations
import time, signal
from pathlib import Path
import pytest
from tests.terminal.pty_app import PtyApp, settings_file

@pytest.mark.parametrize("how", ["q","ctrl+q","ctrl+c","TERM","HUP","hang"])
def test_x(tmp_path: Path, how) -> None:
    env = {"LLMCHEM_DATA": str(tmp_path/"data"), "LLMCHEM_CONFIG": str(settings_file(tmp_path))}
    t=time.time()
    with PtyApp("--simulated", env=env) as app:
        app.wait_for("sim/alder-7b")
        print("start", time.time()-t)
        app.wait_for("EXPLORE")
        app.press("ctrl+r")
        app.wait_for("stage 1")
        app.wait_for("saved in")
        print("round", time.time()-t)
        print(app.text, app.modes, len(app.written))
        if how=="hang": app.hang_up()
        elif how in("TERM","HUP"): app.send(getattr(signal,"SIG"+how))
        else: app.press(how)
        print(app.wait_for_end(10))
        if how!="hang": app.assert_restored()
        print("end", time.time()-t)
        print(app.written[-300:])
