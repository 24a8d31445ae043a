"""What makes a patient's body, for whatever is tested."""

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
