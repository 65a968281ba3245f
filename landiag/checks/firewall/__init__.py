"""What do the firewalls of this machine do with the conversation?"""
