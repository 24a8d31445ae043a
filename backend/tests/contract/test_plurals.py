"""Singulars and plurals beside those of the npm package that json-server 0.17 asks."""

import json
import subprocess
from pathlib import Path

from app.resource.plurals import plural, singular
from tests.contract.servers import FOLDER

WORDS = """
patients doctors people person children child women mice feet teeth nurses users sessions visits appointments
staff diagnoses diagnosis analyses allergies allergy histories history medicalHistory medicalRecords
medical_records lab-results testCases cases series data news media medicines medicine medications medication
prescriptions prescription addresses address statuses status companies categories category criteria criterion
therapies clinics hospitals departments beds wards rooms surgeries pharmacies employees profiles roles
messages comments posts photos heroes quizzes wives knives lives leaves wolves shelves axes indices indexes
matrices vertices tests gases boxes buses classes viruses bonuses sheep fish equipment information feedback
insurance insurances diseases disease dosages illnesses injuries immunizations vaccines claims payments bills
invoices tasks todos logs files images aliases caches houses causes uses bases crises hypotheses notes vitals
vitalSigns bloodPressures schedules slots bookings reviews inventories orders stocks Patients PATIENTS
"""
_SAYS = """
const { singular, plural } = require("pluralize")
console.log(JSON.stringify(JSON.parse(process.argv[1]).map((word) => [singular(word), plural(word)])))
"""


def test_words_are_what_they_are_there(node: Path) -> None:
    words = WORDS.split()
    said = subprocess.run(
        [node, "-e", _SAYS, json.dumps(words)], cwd=FOLDER, capture_output=True, text=True, check=True
    ).stdout
    assert [[singular(word), plural(word)] for word in words] == json.loads(said)
