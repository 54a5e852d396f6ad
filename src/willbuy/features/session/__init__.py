"""What the events of this session say."""
