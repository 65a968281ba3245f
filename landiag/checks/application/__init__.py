"""What does the server answer?"""
