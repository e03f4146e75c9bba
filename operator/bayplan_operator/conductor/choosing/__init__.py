"""Which of several candidates does a task: decided once it may start, by what is known then."""
