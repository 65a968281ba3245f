"""Is anything listening, where, and do clients get there?"""
