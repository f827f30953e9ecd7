"""From counts to CloudWatch's metrics: names, namespaces, dimensions and units as SageMaker's own.

Source: "Monitor Amazon SageMaker AI with Amazon CloudWatch" (invocation metrics; instance metrics; Inference
Recommender jobs metrics).
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from include.sagemaker_local.load.progress import Progress
from include.sagemaker_local.metrics.distribution import Distribution, exact, latencies, merge, spread
from include.sagemaker_local.metrics.series import Datum, Dimensions, Metric
from include.sagemaker_local.metrics.tally import Counts

INVOCATIONS = "AWS/SageMaker"
INSTANCES = "/aws/sagemaker/Endpoints"
TRANSFORMS = "/aws/sagemaker/TransformJobs"
RECOMMENDATIONS = "/aws/sagemaker/InferenceRecommendationsJobs"
NAMESPACES = frozenset((INVOCATIONS, INSTANCES, TRANSFORMS, RECOMMENDATIONS))
"""The namespaces that only this server writes to."""
PER_INSTANCE = "InvocationsPerInstance"
"""What Application Auto Scaling follows: a variant's invocations by the number of its instances."""

# "Any metric not listed below is not published if the endpoint is enabled for asynchronous inference."
_NOT_ASYNCHRONOUS = frozenset(("Invocations", "InvocationsPerInstance", "OverheadLatency"))
_NO_UNIT = "None"
_MICROSECONDS = "Microseconds"
_MILLISECONDS = "Milliseconds"
_PERCENT = "Percent"
_US_PER_MS = 1000
CLIENT_INVOCATIONS = "ClientInvocations"
"""The requests of a recommendation job, as its load generator counts them."""


def invocation_data(taken: Iterable[Counts]) -> Iterator[tuple[str, Datum]]:
    """Every metric of an interval's invocations, each with its region.

    Each is there with the dimensions EndpointName and VariantName, and with EndpointConfigName besides. AWS has the
    latter only while a deployment has two fleets; here they are always there, so that an alarm on the new fleet alone
    has data from its first request on.
    """
    found: dict[tuple[str, Metric], tuple[str, list[Distribution]]] = {}
    for counts in taken:
        route = counts.route
        variant = (("EndpointName", route.endpoint_name), ("VariantName", counts.variant.name))
        for name, extra, unit, distribution in _measured(counts):
            if route.asynchronous and name in _NOT_ASYNCHRONOUS:
                continue
            # While a deployment shifts traffic, a route holds variants of two configs.
            config_name = counts.variant.config_name or route.config_name
            for config in ((), (("EndpointConfigName", config_name),)):
                metric = Metric(INVOCATIONS, name, _dimensions(*variant, *extra, *config))
                found.setdefault((route.region, metric), (unit, []))[1].append(distribution)
    for (region, metric), (unit, parts) in found.items():
        yield region, Datum(metric, unit, merge(parts))


def endpoint_utilisation(
    endpoint_name: str, variant_name: str, name: str, percentages: Mapping[str, float], container: str | None = None
) -> Iterator[Datum]:
    """CPUUtilization or MemoryUtilization of a variant, in percent by instance id: all together, and each by its Host.

    With a `container`, that of this one container on every instance, which AWS has for the variant only.
    """
    variant = (("EndpointName", endpoint_name), ("VariantName", variant_name))
    if container is not None:
        yield _percent(INSTANCES, name, percentages.values(), *variant, ("ContainerName", container))
        return
    yield _percent(INSTANCES, name, percentages.values(), *variant)
    for instance_id, percentage in percentages.items():
        yield _percent(INSTANCES, name, (percentage,), ("Host", f"{endpoint_name}/{variant_name}/{instance_id}"))


def transform_utilisation(job_name: str, name: str, percentages: Mapping[str, float]) -> Iterator[Datum]:
    """CPUUtilization or MemoryUtilization of a transform job's instances, which have their Host and nothing else."""
    for instance_id, percentage in percentages.items():
        yield _percent(TRANSFORMS, name, (percentage,), ("Host", f"{job_name}/{instance_id}"))


def _percent(namespace: str, name: str, values: Iterable[float], *dimensions: tuple[str, str]) -> Datum:
    return Datum(Metric(namespace, name, _dimensions(*dimensions)), _PERCENT, exact(Counter(values)))


def idle_datum(endpoint_name: str, variant_name: str) -> Datum:
    """InvocationsPerInstance of an interval without requests.

    SageMaker's guide to automatic scaling has it that zeros are emitted then, so that a variant without traffic goes
    down to its minimum.
    """
    dimensions = _dimensions(("EndpointName", endpoint_name), ("VariantName", variant_name))
    return Datum(Metric(INVOCATIONS, PER_INSTANCE, dimensions), _NO_UNIT, exact({0.0: 1}))


def client_data(job_name: str, endpoint_name: str, progress: Progress) -> Iterator[Datum]:
    """What a recommendation job's load generator has seen in a while, as Inference Recommender publishes it.

    AWS names the dimensions JobName and EndpointName; here every metric has both.
    """
    dimensions = _dimensions(("JobName", job_name), ("EndpointName", endpoint_name))

    def datum(name: str, unit: str, distribution: Distribution) -> Datum:
        return Datum(Metric(RECOMMENDATIONS, name, dimensions), unit, distribution)

    yield datum("NumberOfUsers", _NO_UNIT, exact({float(progress.users): 1}))
    if progress.requests:
        yield datum(CLIENT_INVOCATIONS, _NO_UNIT, exact({1.0: progress.requests}))
        yield datum("ClientInvocationErrors", _NO_UNIT, _flags(progress.failed, progress.requests))
    if progress.latency.count:
        yield datum("ClientLatency", _MILLISECONDS, spread(progress.latency, _US_PER_MS))


def _measured(counts: Counts) -> Iterator[tuple[str, Dimensions, str, Distribution]]:
    """Name, further dimensions, unit and values of every metric."""
    invocations = counts.invocations
    yield "Invocations", (), _NO_UNIT, exact({1.0: invocations})
    yield PER_INSTANCE, (), _NO_UNIT, exact({1 / len(counts.variant.instances): invocations})
    # "For each ... response, 1 is sent; otherwise, 0 is sent", so that their Average is a rate.
    yield "Invocation4XXErrors", (), _NO_UNIT, _flags(counts.client_errors, invocations)
    yield "Invocation5XXErrors", (), _NO_UNIT, _flags(counts.server_errors, invocations)
    yield "InvocationModelErrors", (), _NO_UNIT, _flags(counts.model_errors, invocations)
    yield "ModelLatency", (), _MICROSECONDS, latencies(counts.model_us)
    yield "OverheadLatency", (), _MICROSECONDS, latencies(counts.overhead_us)
    for container, occurrences in counts.container_us.items():
        yield "ContainerLatency", (("ContainerName", container),), _MICROSECONDS, latencies(occurrences)
    for container, own in counts.containers.items():
        yield from _of_container(container, own)


def _of_container(container: str, counts: Counts) -> Iterator[tuple[str, Dimensions, str, Distribution]]:
    """What AWS has of each container of an endpoint that is invoked directly, besides its ContainerLatency.

    Source: "Metrics for multi-container endpoints with direct invocation".
    """
    invocations = counts.invocations
    name = (("ContainerName", container),)
    yield "Invocations", name, _NO_UNIT, exact({1.0: invocations})
    yield "Invocation4XXErrors", name, _NO_UNIT, _flags(counts.client_errors, invocations)
    yield "Invocation5XXErrors", name, _NO_UNIT, _flags(counts.server_errors, invocations)
    yield "OverheadLatency", name, _MICROSECONDS, latencies(counts.overhead_us)


def _flags(ones: int, of: int) -> Distribution:
    return exact({value: count for value, count in ((0.0, of - ones), (1.0, ones)) if count})


def _dimensions(*pairs: tuple[str, str]) -> Dimensions:
    return tuple(sorted(pairs))
