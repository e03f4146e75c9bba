"""What admission makes of a pod spec, worked out from the objects that it goes by, where no API server is asked."""

from bayplan_operator.translate.admission.objects import AdmissionObjects
from bayplan_operator.translate.admission.refusals import NotAdmitted
from bayplan_operator.translate.admission.shapes import MalformedObject

__all__ = ["AdmissionObjects", "MalformedObject", "NotAdmitted"]
