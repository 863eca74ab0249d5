"""The numeric core: arrays in, numbers out.

Knows numpy and scipy only. Every function either returns finite numbers or
raises a `MethodError` whose `reason` names what was wrong with the input.
"""
