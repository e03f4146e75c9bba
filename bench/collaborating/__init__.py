"""The parts of `bench.collaboration`: federated rounds, ensembles, distillation and consensus on the digits."""
