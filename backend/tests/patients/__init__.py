"""What the shipped server's own patients are: the one folder to replace where other patients are declared.

Whatever serves the shipped resource takes its body from here; the engine is tested on resources of its own.
"""

from typing import Any


def patient(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A valid body without an id; keyword arguments replace fields or add some, `...` leaves one out."""
    fields = {
        "patientID": f"P{number:03}",
        "name": "Zoë Ångström",
        "age": 45,
        "gender": "Female",
        "medicalCondition": "Asthma",
        "lastVisit": "2024-01-15",
    }
    return {name: value for name, value in (fields | changes).items() if value is not ...}
