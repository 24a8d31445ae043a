"""What this server serves."""

from app.models.patient import TABLE
from app.resource.resource import Resource
from app.schemas.patient import PatientReplace

PATIENTS = Resource("patients", "patient", TABLE, PatientReplace, made_from="patientID")
RESOURCES = (PATIENTS,)
