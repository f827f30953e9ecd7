from __future__ import annotations

from include.sagemaker_local.deployment import Container, Deployment, VariantPlan
from include.sagemaker_local.supervisor.reasons import ContainerFailure, FleetFailed, Stage, failure_reason


def deployment(*names: str, variants: tuple[str, ...] = ("AllTraffic",)) -> Deployment:
    chain = tuple(Container(name, "image", None) for name in names)
    return Deployment("c", tuple(VariantPlan(one, "m", "ml.m5.large", 2, 1.0, chain) for one in variants))


def failed(container: str, variant: str = "AllTraffic") -> ContainerFailure:
    return ContainerFailure(variant, container, Stage.PING, "exited with status 1 before it answered /ping", ("last",))


def test_three_containers_are_listed_in_words_and_instances_are_not_repeated() -> None:
    failures = [failed("a"), failed("b"), failed("c"), failed("a"), failed("b")]
    assert failure_reason(deployment("a", "b", "c"), failures) == (
        "The a, b and c containers for production variant AllTraffic did not pass the ping health check. "
        "Please check CloudWatch logs for this endpoint."
    )


def test_every_variant_that_failed_has_a_sentence() -> None:
    text = failure_reason(
        deployment("a", variants=("blue", "green", "grey")), [failed("a", "blue"), failed("a", "grey")]
    )
    assert text == (
        "The primary container for production variant blue did not pass the ping health check. "
        "The primary container for production variant grey did not pass the ping health check. "
        "Please check CloudWatch logs for this endpoint."
    )


def test_the_error_carries_every_container_and_the_first_ones_log() -> None:
    error = FleetFailed(deployment("a", "b"), [failed("a"), failed("b"), failed("a")])
    assert (error.container, error.log_tail) == ("a", ("last",))
    clause = "exited with status 1 before it answered /ping"
    assert str(error) == f"container 'a' {clause}; container 'b' {clause}"
