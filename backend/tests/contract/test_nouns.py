"""The noun of a collection is the one that json-server finds, which asks pluralize."""

import json
import subprocess
from pathlib import Path

from app.resource.plurals import singular
from tests.contract.servers import FOLDER

_NAMES = """
    patients doctors nurses sessions visits appointments users people children men women diagnoses prognoses
    allergies statuses viruses classes addresses branches boxes dishes wishes buses gases lenses boxes taxes
    analyses crises theses series species news staff equipment information data metadata media criteria
    phenomena bacteria curricula matrices appendices indices vertices vertebrae alumni fungi nuclei stimuli
    syllabi radii cacti foci feet teeth geese mice lice knives wives lives halves shelves leaves wolves thieves
    loaves calves scarves families cities categories companies histories deliveries pharmacies injuries
    surgeries biopsies therapies policies studies entries queries series cookies movies pies ties calories
    smoothies zombies selfies monkeys days keys surveys heroes potatoes tomatoes echoes photos pianos studios
    videos radios memos tests quizzes bonuses campuses censuses menus aliases atlases canvases wards
    medicalRecords medicalHistories test-cases lab_results healthRecords bloodTypes userAddresses teamPeople
    sheep fish deer rice money police insurance insurances medicines medications prescriptions dosages vaccines
    vaccinations responses courses nurses houses horses purposes expenses licenses databases phases cases
    releases purchases exercises services devices invoices offices practices prices choices images messages
    packages stages types roles profiles files notes images treatments departments hospitals clinics rooms beds
    bills payments insurers items tasks todos posts comments articles tags products orders customers employees
    managers owners pets dogs cats events tickets logs alerts notifications reminders schedules slots symptoms
    vitals goals activities questionnaires questions answers shifts drugs doses conditions specialties
    specialities qualities contacts caregivers relatives guardians physicians therapists dentists consultants
    surgeons technicians labs scans xrays images beds equipments staffs feedbacks feedback homework progress
    process processes access success business businesses glass glasses grass pass passes boss bosses axis axes
    oasis oases basis bases hypothesis hypotheses synopsis emphasis neuroses psychoses apps maps settings tooth
    foot person child patient doctor status class news Patients Doctors PEOPLE
"""
COLLECTIONS = _NAMES.split()
_OF_A_LATER_RELEASE = {"calories", "canvases", "cookies", "smoothies", "species"}


def test_the_noun_is_pluralizes_singular(node: Path) -> None:
    asked = "const p = require('pluralize'); console.log(JSON.stringify(process.argv.slice(1).map(w => p.singular(w))))"
    done = subprocess.run([node, "-e", asked, *COLLECTIONS], cwd=FOLDER, check=True, capture_output=True, text=True)
    theirs = dict(zip(COLLECTIONS, json.loads(done.stdout), strict=True))
    assert {word for word in COLLECTIONS if singular(word) != theirs[word]} == _OF_A_LATER_RELEASE
