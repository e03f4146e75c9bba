"""What else is at work in a cluster, on virtual time: kube-scheduler, kubelets, the controller manager."""
