"""Every operation by openapi-python-client's modules; what came of each, as JSON."""

import datetime as dt
import json
import time
from collections.abc import Sequence
from typing import TypeVar

from patients_api_client import Client
from patients_api_client.api.changes import list_changes
from patients_api_client.api.health import check_health, check_liveness
from patients_api_client.api.imports import (
    cancel_import,
    export_all,
    get_import,
    get_import_rejects,
    get_import_report,
    list_imports,
    start_import,
)
from patients_api_client.api.patients import (
    create_patient,
    delete_patient,
    get_patient,
    get_version_of_patient,
    list_history_of_patient,
    list_patients,
    replace_patient,
    restore_patient,
    update_patient,
)
from patients_api_client.models import (
    ChangePage,
    ExportAllResponse200,
    GetImportRejectsResponse200,
    GetImportReportResponse200,
    Health,
    Import,
    ListPatientsFilter,
    Patient,
    PatientCreate,
    PatientCreateGender,
    PatientPage,
    PatientPatch,
    PatientReplace,
    PatientReplaceGender,
    PatientVersion,
    Problem,
    RestorePatientBody,
)

ID = "a/b c"
Thing = TypeVar("Thing")


def is_a(kind: type[Thing], answer: object) -> Thing:
    assert isinstance(answer, kind), answer
    return answer


def all_are(kind: type[Thing], answer: object) -> Sequence[Thing]:
    return [is_a(kind, one) for one in is_a(list, answer)]


def whole(age: int) -> PatientReplace:
    gender, day = PatientReplaceGender.FEMALE, dt.date(2024, 7, 1)
    return PatientReplace("C1", "Núria", age, gender, "Asthma", day)


def imported(client: Client) -> dict[str, object]:
    started = is_a(Import, start_import.sync(client=client, body={"patients": [{"id": "x", "name": ""}]}))
    state, tries = started, 0
    while state.state.value != "done" and tries < 300:
        time.sleep(0.1)
        state, tries = is_a(Import, get_import.sync(started.id, client=client)), tries + 1
    rejects = is_a(GetImportRejectsResponse200, get_import_rejects.sync(started.id, client=client))
    return {
        "startImport": started.dry_run,
        "getImport": state.state.value,
        "getImportReport": is_a(GetImportReportResponse200, get_import_report.sync(started.id, client=client))[
            "status"
        ],
        "getImportRejects": rejects.additional_keys,
        "cancelImport": is_a(Problem, cancel_import.sync(started.id, client=client)).status,
        "listImports": all_are(Import, list_imports.sync(client=client))[0].id == started.id,
        "exportAll": is_a(ExportAllResponse200, export_all.sync(client=client)).additional_keys,
    }


def main(client: Client) -> dict[str, object]:
    new = PatientCreate("C1", "Núria", 39, PatientCreateGender.FEMALE, "Asthma", dt.date(2024, 7, 1), id=ID)
    new["ward"] = "B"
    made = is_a(Patient, create_patient.sync(client=client, body=new))
    new.id = "another"
    taken = is_a(Problem, create_patient.sync(client=client, body=new))
    read = get_patient.sync_detailed(ID, client=client)
    young = ListPatientsFilter.from_dict({"age_lt": 40, "name_contains": "ÚRI"})
    listed = list_patients.sync_detailed(client=client, field_filter_=young, gender=["Male", "Female"], field_limit=1)
    paged = list_patients.sync(client=client, q="núria", field_page=1, field_per_page=5)
    tag = read.headers["ETag"]
    replaced = is_a(Patient, replace_patient.sync(ID, client=client, body=whole(40), if_match=tag))
    late = is_a(Problem, replace_patient.sync(ID, client=client, body=whole(39), if_match=tag))
    later = PatientPatch(last_visit=dt.date(2024, 7, 2))
    updated = is_a(Patient, update_patient.sync(ID, client=client, body=later))
    history = all_are(PatientVersion, list_history_of_patient.sync(ID, client=client, field_limit=2))
    version = is_a(PatientVersion, get_version_of_patient.sync(ID, history[0].version, client=client))
    first = all_are(PatientVersion, list_history_of_patient.sync(ID, client=client))[-1].version
    restored = is_a(Patient, restore_patient.sync(ID, client=client, body=RestorePatientBody(first)))
    never = is_a(Problem, restore_patient.sync("none", client=client, body=RestorePatientBody(first)))
    changes = is_a(ChangePage, list_changes.sync(client=client, id=[ID]))
    gone = is_a(Patient, delete_patient.sync(ID, client=client))
    missing = is_a(Problem, get_patient.sync(ID, client=client))
    return {
        "createPatient": [made.id, made["ward"], is_a(Problem, taken).to_dict()["errors"]],
        "getPatient": [is_a(Patient, read.parsed).name, missing.message],
        "listPatients": [
            [one.id for one in all_are(Patient, listed.parsed)],
            listed.headers["X-Total-Count"],
            is_a(PatientPage, paged).items,
        ],
        "replacePatient": [replaced.age, replaced.additional_properties.get("ward"), late.status],
        "updatePatient": str(updated.last_visit),
        "listHistoryOfPatient": [one.change.value for one in history],
        "getVersionOfPatient": str(is_a(Patient, version.record).last_visit),
        "restorePatient": [restored.age, restored["ward"], never.status],
        "listChanges": [one.change.value for one in changes.changes[-4:]],
        "deletePatient": gone.name,
        "checkHealth": is_a(Health, check_health.sync(client=client)).status.value,
        "checkLiveness": is_a(Health, check_liveness.sync(client=client)).status.value,
    }


if __name__ == "__main__":
    with Client(base_url="http://127.0.0.1:8000") as client:
        print(json.dumps(main(client) | imported(client), ensure_ascii=False))
