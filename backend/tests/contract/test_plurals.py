"""Singulars and plurals beside those of the npm package that json-server 0.17 asks."""

import json
import subprocess
from pathlib import Path

from app.resource.plurals import plural, singular
from tests.contract.servers import FOLDER

WORDS = """
patients doctors people person children child women mice feet teeth nurses users sessions visits appointments staff
diagnoses diagnosis analyses allergies allergy histories history medicalHistory medicalRecords medical_records
lab-results testCases cases series data news media medicines medicine medications medication prescriptions
prescription addresses address statuses status companies categories category criteria criterion therapies clinics
hospitals departments beds wards rooms surgeries pharmacies employees profiles roles messages comments posts photos
heroes quizzes wives knives lives leaves wolves shelves axes indices indexes matrices vertices tests gases boxes buses
classes viruses bonuses sheep fish equipment information feedback insurance insurances diseases disease dosages
illnesses injuries immunizations vaccines claims payments bills invoices tasks todos logs files images aliases caches
houses causes uses bases crises hypotheses notes vitals vitalSigns bloodPressures schedules slots bookings reviews
inventories orders stocks Patients PATIENTS men prognoses branches dishes wishes lenses taxes theses species metadata
phenomena bacteria curricula appendices vertebrae alumni fungi nuclei stimuli syllabi radii cacti foci geese lice
halves thieves loaves calves scarves families cities deliveries biopsies policies studies entries queries cookies
movies pies ties calories smoothies zombies selfies monkeys days keys surveys potatoes tomatoes echoes pianos studios
videos radios memos campuses censuses menus atlases canvases medicalHistories test-cases lab_results healthRecords
bloodTypes userAddresses teamPeople deer rice money police vaccinations responses courses horses purposes expenses
licenses databases phases releases purchases exercises services devices offices practices prices choices packages
stages types treatments insurers items articles tags products customers managers owners pets dogs cats events tickets
alerts notifications reminders symptoms goals activities questionnaires questions answers shifts drugs doses
conditions specialties specialities qualities contacts caregivers relatives guardians physicians therapists dentists
consultants surgeons technicians labs scans xrays equipments staffs feedbacks homework progress process processes
access success business businesses glass glasses grass pass passes boss bosses axis oasis oases basis hypothesis
synopsis emphasis neuroses psychoses apps maps settings tooth foot patient doctor class Doctors PEOPLE
"""
_OF_A_LATER_RELEASE = {"calories", "canvases", "cookies", "smoothies", "species"}
_SAYS = """
const { singular, plural } = require("pluralize")
console.log(JSON.stringify(JSON.parse(process.argv[1]).map((word) => [singular(word), plural(word)])))
"""


def test_words_are_what_they_are_there(node: Path) -> None:
    words = WORDS.split()
    said = subprocess.run(
        [node, "-e", _SAYS, json.dumps(words)], cwd=FOLDER, capture_output=True, text=True, check=True
    ).stdout
    theirs = dict(zip(words, json.loads(said), strict=True))
    assert {word for word in words if [singular(word), plural(word)] != theirs[word]} == _OF_A_LATER_RELEASE
