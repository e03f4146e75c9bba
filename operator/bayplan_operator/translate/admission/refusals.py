"""What admission answers to a pod that it does not take."""


class NotAdmitted(ValueError):
    """The API server would refuse the pod; the message is one sentence that begins with the object because of which."""
