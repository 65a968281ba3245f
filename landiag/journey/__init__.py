"""What happens to one client's attempt, from the link to the answer: the only model of the host's behaviour."""
