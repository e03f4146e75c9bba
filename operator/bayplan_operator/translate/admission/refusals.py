"""What admission answers to a pod that it does not take."""


class NotAdmitted(ValueError):
    """The API server would refuse the pod. The message is one sentence; it begins with the object that is the cause."""
