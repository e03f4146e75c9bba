"""The table of methods: what each fuses, needs and takes. Nothing here needs numpy."""

from dataclasses import dataclass
from enum import Enum

from bayplan.collaboration.fusion.parameters import FusionParameter as Number


class Fuses(Enum):
    """What goes in."""

    ANY = "models or outputs"
    MODELS = "models"
    OUTPUTS = "outputs"


class WeightUse(Enum):
    """Whether inputs may be weighted."""

    NONE = "takes no weights"
    OPTIONAL = "takes weights; equal ones where none are given"
    REQUIRED = "needs weights"


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionMethod:
    """How inputs are fused: what a manifest, the command and the kernels have to know of it."""

    name: str
    short: str
    fuses: Fuses = Fuses.MODELS
    weights: WeightUse = WeightUse.NONE
    parameters: tuple[Number, ...] = ()
    combines: bool = False
    """The parameters of `COMBINED` may be given too: norm clipping, noise, staleness."""
    state: tuple[str, ...] = ()
    """What the server keeps from round to round, one array of the model's shapes each."""
    reference: bool = False
    """It needs the model that the inputs began with: the global model of the round before."""
    targets: bool = False
    """It needs outputs on a validation split, and the right answers there."""
    robust: bool = False
    """It may leave out what only few inputs know, so that it warns where label sets differ."""
    several: bool = False
    """It answers one model for each input."""

    @property
    def known(self) -> dict[str, Number]:
        """All parameters that it takes, by name."""
        return {each.name: each for each in (*self.parameters, *(COMBINED if self.combines else ()))}


COMBINED = (
    Number("clipNorm", "largest Euclidean norm of an update; larger ones are scaled down", above=0.0),
    Number("noiseStd", "standard deviation of the Gaussian noise that is added to each coordinate of the average", least=0.0),
    Number("staleness", "exponent a: a model that is s rounds old counts (1 + s)^-a", least=0.0),
)
"""Parameters that go with every method that averages models."""

_SERVER_RATE = Number("serverRate", "step of the server along its momentum", default=1.0, above=0.0)
_ADAPTIVE = (
    Number("serverRate", "step of the server", default=0.01, above=0.0),
    Number("beta1", "decay of the first moment", default=0.9, least=0.0, below=1.0),
    Number("beta2", "decay of the second moment", default=0.99, least=0.0, below=1.0),
    Number("tau", "degree of adaptivity, added to the root of the second moment", default=1e-3, above=0.0),
)
_BYZANTINE = Number("f", "how many inputs may be arbitrary", default=1, least=0, whole=True)


_ALL = (
    FusionMethod(name="Mean", short="the arithmetic mean", fuses=Fuses.ANY, combines=True),
    FusionMethod(name="WeightedMean", short="the weighted mean", fuses=Fuses.ANY, weights=WeightUse.REQUIRED, combines=True),
    FusionMethod(
        name="WeightedLeastSquares",
        short="the mean by weights that fit a validation split best",
        fuses=Fuses.OUTPUTS,
        targets=True,
        parameters=(Number("nonNegative", "no weight may be below 0", default=True, truth=True),),
    ),
    FusionMethod(name="MajorityVote", short="the label that most inputs name", fuses=Fuses.OUTPUTS, weights=WeightUse.OPTIONAL),
    FusionMethod(
        name="SoftVote", short="the label of the largest mean probability", fuses=Fuses.OUTPUTS, weights=WeightUse.OPTIONAL
    ),
    FusionMethod(
        name="LogOdds",
        short="probabilities, averaged as log-odds",
        fuses=Fuses.OUTPUTS,
        weights=WeightUse.OPTIONAL,
        parameters=(Number("epsilon", "probabilities are kept this far from 0 and 1", default=1e-12, least=1e-15, below=0.5),),
    ),
    FusionMethod(
        name="SoftTargets",
        short="the mean of softened probabilities, from which a student learns",
        fuses=Fuses.OUTPUTS,
        weights=WeightUse.OPTIONAL,
        parameters=(Number("temperature", "logits are divided by it before the softmax", default=2.0, above=0.0),),
    ),
    FusionMethod(name="FedAvg", short="the mean by the numbers of samples", weights=WeightUse.OPTIONAL, combines=True),
    FusionMethod(
        name="FedAvgM",
        short="FedAvg with momentum at the server",
        weights=WeightUse.OPTIONAL,
        combines=True,
        reference=True,
        state=("momentum",),
        parameters=(
            Number("momentum", "share of the momentum that is kept", default=0.9, least=0.0, below=1.0),
            _SERVER_RATE,
        ),
    ),
    FusionMethod(
        name="FedAdam",
        short="FedAvg with Adam at the server",
        weights=WeightUse.OPTIONAL,
        combines=True,
        reference=True,
        state=("first", "second"),
        parameters=_ADAPTIVE,
    ),
    FusionMethod(
        name="FedYogi",
        short="FedAvg with Yogi at the server",
        weights=WeightUse.OPTIONAL,
        combines=True,
        reference=True,
        state=("first", "second"),
        parameters=_ADAPTIVE,
    ),
    FusionMethod(name="Median", short="the median of each coordinate", robust=True),
    FusionMethod(
        name="TrimmedMean",
        short="the mean of each coordinate without its extremes",
        robust=True,
        parameters=(Number("beta", "share cut off at each end", default=0.2, above=0.0, below=0.5),),
    ),
    FusionMethod(name="Krum", short="the input nearest to its nearest others", robust=True, parameters=(_BYZANTINE,)),
    FusionMethod(
        name="MultiKrum",
        short="the mean of the inputs nearest to their nearest others",
        robust=True,
        parameters=(_BYZANTINE, Number("m", "how many inputs are averaged (default: n - f)", least=1, whole=True)),
    ),
    FusionMethod(
        name="Consensus",
        short="each model one step towards its neighbours",
        several=True,
        parameters=(
            Number("alpha", "size of the step (default: 1 / (largest number of neighbours + 1))", above=0.0),
            Number("topology", "Full, Ring, Line, or pairs such as 0-1,1-2", default="Full", text=True),
        ),
    ),
)
METHODS = {each.name: each for each in _ALL}
"""Every method by its name."""
