"""Airflow and the local SageMaker, with the turnpike between them at which strikes are carried out."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.chaos import pipelines
from tests.chaos.airflow_site import COMPONENTS, AirflowSite, airflow_site
from tests.chaos.plan import Course, Moment, Point, Strike, Victim
from tests.chaos.processes import owner_of_port, parent, title
from tests.chaos.rest import ENDED
from tests.chaos.throttle import Answer, Throttle, refusal
from tests.chaos.turnpike import Call, Turnpike, turnpike
from tests.fakes.aws_server import client
from tests.fakes.server_process import ServerProcess, server_process

START_BOUND_S = 240.0
TURN_BOUND_S = 1800.0  # a turn takes two or three minutes on two idle cores, and far more on busy ones
LOOK_S = 1.0
TRIGGERED_IN_S = 2.0
PIPELINE = re.compile(r"chaos-\d+")
TASK_TITLE = re.compile(r"airflow worker -- ([0-9a-f-]{36})")


@dataclass
class Run:
    """A run under way, and what has become of it."""

    course: Course
    start: datetime
    run_id: str = ""
    state: str = "running"
    took_s: float = 0.0
    retries: int = 0
    states: dict[str, str | None] = field(default_factory=dict)
    struck: list[Strike] = field(default_factory=list)
    throttle: Throttle | None = None

    @property
    def dag_id(self) -> str:
        """Of its promotion."""
        return f"promote__{self.course.pipeline.replace('-', '_')}"


class Rig:
    """Starts runs, strikes them, and waits for their end."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._servers = ExitStack()
        self._striking = threading.Lock()  # one strike at a time, so that none hits what another has just started
        self._counting = threading.Lock()
        self._runs: dict[str, Run] = {}
        self.server: ServerProcess
        self.gate: Turnpike
        self.site: AirflowSite

    @contextmanager
    def running(self, home: Path, specs: Path) -> Iterator[Rig]:
        """Everything is up, and gone afterwards."""
        with ExitStack() as parts:
            parts.push(self._servers)
            self._start_server()
            self.gate = parts.enter_context(turnpike(self.server.url, self.watch, self.refuse))
            self.site = parts.enter_context(airflow_site(home, self.gate.url, specs))
            for component in COMPONENTS:
                self.site.start(component)
            wait_until(self.site.rest.healthy, "Airflow is up", START_BOUND_S)
            self.site.rest.sign_in()
            yield self

    def know(self, dag_ids: set[str]) -> None:
        """Returns when Airflow has read all of these DAGs."""
        wait_until(lambda: dag_ids <= self.site.rest.dag_ids(), "Airflow knows the DAGs", START_BOUND_S)

    def carry_out(self, courses: Sequence[Course]) -> list[Run]:
        """One run of each, all at once, until every one has ended or the time is up."""
        for course in courses:
            pipelines.put_artifacts(self.server.url, course)
        found = [course.pipeline for course in courses if course.has_production]
        wait_until(lambda: all(map(self._serves, found)), f"{found} serve")
        # The API server writes down in its event loop who triggers what. SQLite makes it wait there for the writer,
        # which may be a request that cannot go on without the loop: so no task writes before all runs are triggered.
        start = datetime.now(UTC) + timedelta(seconds=TRIGGERED_IN_S * len(courses))
        runs = [self._trigger(course, start) for course in courses]
        with suppress(AssertionError):  # a run that is still running says so in its test and in the table
            wait_until(lambda: self._have_ended(runs), "every run has ended", TURN_BOUND_S)
        for run in runs:
            self._look_back(run)
        return runs

    def clear_away(self, courses: Sequence[Course]) -> None:
        """Their endpoints are not needed any more."""
        sagemaker = client("sagemaker", self.server.url)
        for course in courses:
            for endpoint in sagemaker.list_endpoints(NameContains=course.pipeline)["Endpoints"]:
                sagemaker.delete_endpoint(EndpointName=endpoint["EndpointName"])

    # -- strikes -------------------------------------------------------------------------------------------------------

    def watch(self, call: Call, moment: Moment) -> bool:
        """Whether the call goes on."""
        run = self._run_of(call)
        if run is None:
            return True
        wanted = [each for each in self._outstanding(run) if _may_be(each, call, moment)]
        if not wanted:
            return True
        caller = owner_of_port(call.port)
        point = None if caller is None else self._point(run, call, caller)
        strike = next((each for each in wanted if each.point == point), None)
        if strike is None or caller is None:
            return True
        with self._striking:
            if strike not in self._outstanding(run):
                return True
            run.struck.append(strike)
            return self._strike(strike.victim, caller)

    def refuse(self, call: Call) -> Answer | None:
        """The answer to a call that is one too many; None for any other."""
        run = self._run_of(call)
        if run is None or run.throttle is None:
            return None
        with self._counting:
            return refusal(call.operation) if run.throttle.refuses(call.operation) else None

    def _run_of(self, call: Call) -> Run | None:
        found = PIPELINE.search(call.about)
        return self._runs.get(found.group()) if found else None

    def _outstanding(self, run: Run) -> list[Strike]:
        return list((Counter(run.course.strikes) - Counter(run.struck)).elements())

    def _point(self, run: Run, call: Call, caller: int) -> Point | None:
        """Which call of which task it is."""
        if os.getsid(caller) == self.site.running["triggerer"].id:
            return Point(_waiting_task(call, run.course.pipeline), call.operation, waiting=True)
        attempt = TASK_TITLE.search(title(caller))
        if attempt is None:
            return None
        tasks = {task.id: task.task_id for task in self.site.rest.tasks(run.dag_id, run.run_id)}
        task = tasks.get(attempt.group(1))
        return None if task is None else Point(task, call.operation)

    def _strike(self, victim: Victim, caller: int) -> bool:
        """Kills, starts again what has to be, and returns whether the caller can still get an answer."""
        match victim:
            case Victim.TASK:
                _kill(caller)
                return False
            case Victim.WORKER:
                worker = parent(caller)
                assert worker is not None and "LocalExecutor" in title(worker), f"{caller} has no worker"
                _kill(worker)
                return True
            case Victim.SCHEDULER | Victim.HOST:
                self._restart("scheduler", with_children=victim is Victim.HOST)
                return victim is Victim.SCHEDULER
            case Victim.TRIGGERER:
                self._restart("triggerer", with_children=True)
                return False
            case Victim.SAGEMAKER:
                self.server.end(kill=True)
                self._start_server()
                self.gate.upstream = self.server.url
                return False

    def _restart(self, component: str, *, with_children: bool) -> None:
        self.site.kill(component, with_children=with_children)
        self.site.start(component)

    def _start_server(self) -> None:
        arguments = ("--stage-seconds", "0.5", "--startup-timeout", "60")
        self.server = self._servers.enter_context(server_process(self._data_dir, *arguments))

    # -- runs ----------------------------------------------------------------------------------------------------------

    def _trigger(self, course: Course, start: datetime) -> Run:
        throttle = Throttle(bursts=not course.strikes) if course.throttled else None
        run = self._runs[course.pipeline] = Run(course, start, throttle=throttle)
        run.run_id = self.site.rest.trigger(run.dag_id, pipelines.conf(course), start)
        return run

    def _have_ended(self, runs: Sequence[Run]) -> bool:
        states = self.site.rest.states()
        for run in (each for each in runs if each.state not in ENDED):
            run.state = states[run.dag_id, run.run_id]
            run.took_s = (datetime.now(UTC) - run.start).total_seconds()
        return all(run.state in ENDED for run in runs)

    def _look_back(self, run: Run) -> None:
        tasks = self.site.rest.tasks(run.dag_id, run.run_id)
        run.states = {task.task_id: task.state for task in tasks}
        run.retries = sum(max(0, task.try_number - 1) for task in tasks)

    def _serves(self, endpoint: str) -> bool:
        described = client("sagemaker", self.server.url).describe_endpoint(EndpointName=endpoint)
        return bool(described["EndpointStatus"] == "InService")


def wait_until(condition: Callable[[], object], what: str, bound_s: float = 60.0) -> None:
    """Returns when the condition holds; fails when it did not in time."""
    deadline_s = time.monotonic() + bound_s
    while not condition():
        assert time.monotonic() < deadline_s, f"not within {bound_s:g} s: {what}"
        time.sleep(LOOK_S)


def _may_be(strike: Strike, call: Call, moment: Moment) -> bool:
    return strike.point.operation == call.operation and strike.moment is moment


def _waiting_task(call: Call, pipeline: str) -> str:
    if call.operation != "DescribeEndpoint":
        return "recommend"
    return "deploy_staging" if f"{pipeline}-staging" in call.about else "promote"


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
