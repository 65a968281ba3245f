"""Is the port free?"""
