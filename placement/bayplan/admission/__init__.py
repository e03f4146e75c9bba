"""Who may have how much, and when: queues, their quotas, and the line in which requests wait."""
