"""Exchanges with a network: each runs behind the door, and its transcript is a reading that replays."""
