"""What is wrong with an object as a whole: its kind, fields that its kind does not have, its pod templates."""
