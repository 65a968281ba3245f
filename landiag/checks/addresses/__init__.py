"""Which addresses of this machine can clients use, and find on the link?"""
