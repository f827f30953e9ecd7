"""When a fault strikes: scope, count, chance."""

from __future__ import annotations

from include.sagemaker_local.faults import Fault, FaultTable, Kind

HERE = {"endpoint": "e", "variant": "v", "container": "a"}


def struck(table: FaultTable, times: int, kind: Kind = Kind.CRASH) -> list[bool]:
    return [table.strike(kind, HERE) is not None for _ in range(times)]


def test_it_strikes_where_its_whole_scope_fits() -> None:
    for scope, expected in (
        ({}, True),
        ({"endpoint": "e"}, True),
        ({"endpoint": "e", "container": "a"}, True),
        ({"endpoint": "e", "container": "b"}, False),
        ({"region": "eu-west-1"}, False),  # it is not known here
    ):
        table = FaultTable()
        table.add(Fault("", Kind.CRASH, scope))
        assert struck(table, 1) == [expected], scope
        assert struck(table, 1, Kind.DELAY) == [False]


def test_a_count_ends_it_and_it_stays_to_be_seen() -> None:
    table = FaultTable()
    known = table.add(Fault("", Kind.CRASH, count=2))
    assert struck(table, 4) == [True, True, False, False]
    assert table.all() == [(known, 2)]
    assert table.has({Kind.CRASH})


def test_the_same_seed_strikes_at_the_same_times() -> None:
    def times(seed: int | None) -> list[bool]:
        table = FaultTable()
        table.add(Fault("", Kind.CRASH, probability=0.3, seed=seed))
        return struck(table, 200)

    assert times(7) == times(7)
    assert times(7) != times(8)
    assert 30 < sum(times(None)) < 90


def test_the_chance_is_drawn_only_where_the_scope_fits() -> None:
    drawn = iter((0.5, 0.29, 0.3))
    table = FaultTable(lambda seed: lambda: next(drawn))
    table.add(Fault("", Kind.CRASH, HERE, probability=0.3))
    assert table.strike(Kind.CRASH, {"endpoint": "other"}) is None
    assert struck(table, 3) == [False, True, False]


def test_invocations_need_to_pass_by_faults_of_theirs_only() -> None:
    for kind, scope, expected in (
        (Kind.CRASH, {"container": "a"}, True),
        (Kind.THROTTLING, {}, True),
        (Kind.THROTTLING, {"operation": "InvokeEndpoint"}, True),
        (Kind.THROTTLING, {"operation": "ListModels"}, False),
        (Kind.FAILED_PING, {}, False),
    ):
        table = FaultTable()
        assert not table.strikes_invocations()
        table.add(Fault("", kind, scope))
        assert table.strikes_invocations() is expected, (kind, scope)


def test_the_oldest_that_can_strikes_alone() -> None:
    table = FaultTable()
    first, second = table.add(Fault("", Kind.CRASH, count=1)), table.add(Fault("", Kind.CRASH))
    assert first.id != second.id
    assert [table.strike(Kind.CRASH, HERE) for _ in range(3)] == [first, second, second]
    assert table.remove(second.id)
    assert not table.remove(second.id)
    assert struck(table, 1) == [False]
    table.clear()
    assert (table.all(), table.has({Kind.CRASH})) == ([], False)
