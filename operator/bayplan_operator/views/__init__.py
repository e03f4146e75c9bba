"""One read model: what readers of the command line and of pages are shown, made from API objects and from simulations."""
