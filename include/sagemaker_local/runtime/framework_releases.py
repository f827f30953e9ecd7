"""What AWS's framework images hold, by the version that a tag names. PURE: a table and how to read it.

Versions are those of AWS's own container repositories (`sagemaker-scikit-learn-container` and
`sagemaker-xgboost-container`: the Dockerfiles of each release, `requirements.txt`, `test/resources/versions`). What a
release leaves open is taken from the next one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_OF_2020 = ("scipy==1.5.3", "pandas==1.1.3")
_OF_2021 = ("numpy==1.21.6", "scipy==1.6.2", "pandas==1.2.4", "scikit-learn==0.24.1")
_OF_2025 = ("numpy==2.1.0", "scipy==1.15.0", "pandas==2.2.3")
_XGBOOST_OF_2020 = ("numpy==1.19.2", *_OF_2020, "scikit-learn==0.23.2")
_DERIVED = re.compile(r"(?P<minor>\d+\.\d+)-(?P<patch>\d+)")


@dataclass(frozen=True, slots=True)
class FrameworkReleases:
    """The releases of one framework's image: requirements by version, the newest last.

    `package` is what a release is named after; `companions` go with one that the table does not list.
    """

    package: str
    releases: Mapping[str, tuple[str, ...]]
    companions: tuple[str, ...] = ()

    def requirements(self, version: str) -> tuple[str, ...]:
        """The requirements of `version` ("1.4-2"), the newest release's when it is empty.

        One that the table does not list is read as AWS numbers them: 1.4-2 is 1.4.2.
        """
        if not version:
            return list(self.releases.values())[-1]
        listed = self.releases.get(version)
        if listed is not None:
            return listed
        derived = _DERIVED.fullmatch(version)
        number = f"{derived['minor']}.{derived['patch']}" if derived else version
        return (f"{self.package}=={number}", *self.companions)


SKLEARN = FrameworkReleases(
    "scikit-learn",
    {
        "0.20.0": ("scikit-learn==0.20.0", "numpy==1.19.5", "scipy==1.5.3", "pandas==0.25.3"),
        "0.23-1": ("scikit-learn==0.23.2", "numpy==1.19.5", *_OF_2020),
        "1.0-1": ("scikit-learn==1.0.2", "numpy==1.19.5", *_OF_2020),
        "1.2-1": ("scikit-learn==1.2.1", "numpy==1.24.1", *_OF_2020),
        "1.4-2": ("scikit-learn==1.4.2", *_OF_2025),
    },
    companions=("numpy", "scipy", "pandas"),
)

# The image's xgboost has 300 MB of GPU code; xgboost-cpu is the same package without, for the versions that have it.
XGBOOST = FrameworkReleases(
    "xgboost",
    {
        "0.90-1": ("xgboost==0.90", *_XGBOOST_OF_2020),
        "0.90-2": ("xgboost==0.90", *_XGBOOST_OF_2020),
        "1.0-1": ("xgboost==1.0.0", *_XGBOOST_OF_2020),
        "1.2-1": ("xgboost==1.2.0", *_XGBOOST_OF_2020),
        "1.2-2": ("xgboost==1.2.0", *_XGBOOST_OF_2020),
        "1.3-1": ("xgboost==1.3.3", *_OF_2021),
        "1.5-1": ("xgboost==1.5.2", *_OF_2021),
        "1.7-1": ("xgboost==1.7.4", *_OF_2021),
        "3.0-5": ("xgboost-cpu==3.0.5", *_OF_2025, "scikit-learn==1.8.0"),
    },
    companions=("numpy", "scipy", "pandas", "scikit-learn"),
)

# AWS publishes nothing of the algorithm's image; what serves its models here needs numpy.
LINEAR_LEARNER = FrameworkReleases("numpy", {"1": ("numpy",)})

# AWS's tags name a version of Spark, whose pipelines its image runs as MLeap bundles. Here PySpark 4 runs the pipeline
# itself whatever the tag says, and Spark reads what its earlier versions have saved.
_PYSPARK = ("pyspark==4.*", "numpy")  # which its library of models imports, where they are trained
SPARKML = FrameworkReleases("pyspark", {"2.2": _PYSPARK, "2.4": _PYSPARK, "3.3": _PYSPARK})
