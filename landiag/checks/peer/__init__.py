"""Can the client or the gateway be reached at all?"""
