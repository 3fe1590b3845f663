"""The sample district: a described, seeded piece of city whose films and looks have exact truth.

Light is linear, so few parts are rendered and much is composed: `parts/` holds what was rendered once,
everything else is a pure function of seed, camera and time. Times are seconds since simulated day 0,
00:00 local time; places are metres east, north and up of the district's origin.
"""
