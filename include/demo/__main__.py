"""`make demo`: one promotion, end to end, on real models, with nothing running before or after.

Exit status 0 only when what was asked for is really there: with the good candidate a production endpoint on the
candidate's config, with the slow one a refusal that left production as it was.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sluice.evidence.report import as_html, as_text
from sluice.gate.decision import Verdict
from sluice.specs.file import load_spec
from sluice.specs.pipeline import PipelineSpec

from include.demo.airflow_home import airflow_environment, migrate_database
from include.demo.console import Console
from include.demo.local_server import ServerDidNotStart, local_sagemaker
from include.demo.outcome import Judged, Production, judged, load_test_under_way, production, readable
from include.demo.paths import DAGS, PROJECT, STATE
from include.demo.promotion import DagRunOutcome, Onlooker, run_dag
from include.demo.sample import Account, slow_candidate, upload
from include.examples.breast_cancer import train

HOME = STATE / "demo"
LOG = HOME / "airflow.log"
DAG_ID = "promote__breast_cancer"


@dataclass(frozen=True, slots=True)
class Demo:
    """What every part of the demo needs."""

    spec: PipelineSpec
    sample: train.SamplePipeline
    account: Account
    environment: Mapping[str, str]
    console: Console

    def promote(self, conf: Mapping[str, Any]) -> DagRunOutcome:
        """One DAG run."""
        onlooker = Onlooker(self.console, {"recommend": partial(load_test_under_way, self.account)})
        return run_dag(DAG_ID, conf, self.environment, LOG, onlooker)

    def production(self) -> Production | None:
        """The production endpoint, asked with the held-out row."""
        return production(self.account, self.spec, self.sample.holdout.read_bytes())

    def judged(self) -> Judged | None:
        """The newest package version and its evidence."""
        return judged(self.account, self.spec)


def main() -> int:
    """See the module's text."""
    parser = argparse.ArgumentParser(prog="make demo", description="Promote the sample pipeline end to end.")
    parser.add_argument("--candidate", choices=("good", "slow"), default="good")
    candidate = parser.parse_args().candidate
    for each in (signal.SIGINT, signal.SIGTERM):  # `kill` cleans up as Ctrl-C does, also in a shell's background
        signal.signal(each, signal.default_int_handler)
    console = Console()
    shutil.rmtree(HOME, ignore_errors=True)
    try:
        return _demo(candidate, console)
    except ServerDidNotStart as error:
        console.say(f"the local SageMaker did not start: {error}")
    except subprocess.CalledProcessError:
        console.say(f"Airflow could not prepare its database; what it said is in {_shown(LOG)}")
    except KeyboardInterrupt:
        console.say("interrupted; everything that was started has been stopped")
    return 1


def _demo(candidate: str, console: Console) -> int:
    with ExitStack() as running:
        with console.step("start the local SageMaker"):
            url = running.enter_context(local_sagemaker(HOME / "sagemaker"))
        demo = _prepare(url, console)
        status = _slow(demo) if candidate == "slow" else _good(demo)
        with console.step("stop everything that was started"):
            running.close()
    return status


def _prepare(url: str, console: Console) -> Demo:
    """Artifacts in the local S3, and an Airflow whose connection leads to the local SageMaker."""
    spec = load_spec(DAGS / "pipelines" / "breast_cancer.yaml")
    account = Account(url)
    with console.step("train the sample pipeline and pack its containers"):
        sample = train.build(HOME / "sample")
    with console.step("upload artifacts and sample payload to S3"):
        upload(account, spec, sample)
    environment = airflow_environment(HOME / "airflow", url)
    with console.step("prepare Airflow's database"):
        migrate_database(environment, LOG)
    return Demo(spec, sample, account, environment, console)


def _good(demo: Demo) -> int:
    """Promote the trained pipeline. 0 when production runs it and answers."""
    demo.console.say(f"\n{DAG_ID}")
    run = demo.promote({})
    judged, live = demo.judged(), demo.production()
    _show(demo, run, judged, live)
    promoted = (
        run.succeeded
        and judged is not None
        and judged.evidence.decision.verdict is Verdict.PASS
        and judged.approval == "Approved"
        and live is not None
        and live.status == "InService"
        and live.config == judged.evidence.names.production_config
    )
    demo.console.say("promoted: production runs the candidate" if promoted else "NOT promoted")
    return 0 if promoted else 1


def _slow(demo: Demo) -> int:
    """Promote the trained pipeline, then offer one with a slow container. 0 when that was refused without a trace."""
    demo.console.say(f"\n{DAG_ID}, so that there is a production to protect")
    first = demo.promote({})
    before = demo.production()
    if not first.succeeded or before is None:
        _show(demo, first, demo.judged(), before)
        demo.console.say(
            "the pipeline that should be in production was not promoted, so the gate was not put to the test"
        )
        return 1
    demo.console.say(f"\n{DAG_ID} with the slow container")
    run = demo.promote(slow_candidate(demo.spec))
    judged, after = demo.judged(), demo.production()
    _show(demo, run, judged, after)
    refused = (
        run.succeeded
        and judged is not None
        and judged.evidence.decision.verdict is Verdict.FAIL
        and judged.approval == "Rejected"
        and judged.evidence.names.production_config != before.config
        and after == before
    )
    demo.console.say(
        "refused: package Rejected, production as it was" if refused else "NOT refused as it should have been"
    )
    return 0 if refused else 1


def _show(demo: Demo, run: DagRunOutcome, judged: Judged | None, live: Production | None) -> None:
    """The rules with what was observed, the verdict, production's answer, and where the evidence lies."""
    say = demo.console.say
    say()
    for task, error in run.errors.items():
        say(f"{task} failed: {error}")
    if judged is None:
        say(f"no decision was reached; Airflow's log is {_shown(LOG)}")
        return
    say(as_text(judged.evidence))
    say()
    if live is not None:
        say(f"  production     {demo.spec.production.endpoint} is {live.status} on {live.config}")
        say(f"  held-out row   {readable(live.answer)}   (truth: {_truth(demo)})")
    say(f"  package        {judged.package_arn} is {judged.approval}")
    say(f"  evidence       {judged.evidence_uri}")
    say(f"  copied to      {_shown(_copy(judged))}")
    say()


def _truth(demo: Demo) -> str:
    return str(json.loads(demo.sample.holdout_class.read_text())["label"])


def _copy(judged: Judged) -> Path:
    """The evidence where it can still be read when the local S3 is gone: as JSON, and as a page."""
    folder = HOME / "evidence"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "evidence.json").write_bytes(judged.document)
    page = folder / "evidence.html"
    page.write_text(as_html(judged.evidence))
    return page


def _shown(path: Path) -> Path:
    return path.relative_to(PROJECT)


if __name__ == "__main__":
    sys.exit(main())
