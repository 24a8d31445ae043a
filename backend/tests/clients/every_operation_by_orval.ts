// Every operation by orval's functions; what came of each, as JSON.
import * as api from "./api.ts"

const id = "a/b c"
const whole = {
  patientID: "C1",
  name: "Núria",
  age: 39,
  gender: "Female" as const,
  medicalCondition: "Asthma",
  lastVisit: "2024-07-01",
}

const made = await api.createPatient({ id, ...whole, ward: "B" })
const taken = await api.createPatient(whole)
const read = await api.getPatient(id)
const listed = await api.listPatients({
  _filter: { age_lt: 40, name_contains: "ÚRI" },
  gender: ["Male", "Female"],
  _limit: 1,
})
const paged = await api.listPatients({ q: "núria", _page: 1, _per_page: 5 })
const headers = { "If-Match": read.headers.get("ETag") ?? "" }
const replaced = await api.replacePatient(id, { ...whole, age: 40 }, { headers })
const late = await api.replacePatient(id, whole, { headers })
const updated = await api.updatePatient(id, { lastVisit: "2024-07-02" })
const history = await api.listHistoryOfPatient(id, { _limit: 2 })
const number = history.status === 200 ? (history.data[0]?.version ?? 0) : 0
const version = await api.getVersionOfPatient(id, number)
const versions = await api.listHistoryOfPatient(id)
const first = { version: versions.status === 200 ? (versions.data.at(-1)?.version ?? 0) : 0 }
const restored = await api.restorePatient(id, first)
const never = await api.restorePatient("none", first)
const changes = await api.listChanges({ id: [id] })
const gone = await api.deletePatient(id)
const missing = await api.getPatient(id)
const health = await api.checkHealth()
const live = await api.checkLiveness()

const importing = await api.startImport({ patients: [{ id: "x", name: "" }] })
const job = importing.status === 202 ? importing.data.id : ""
let state = await api.getImport(job)
for (let tries = 0; tries < 300 && state.status === 200 && state.data.state !== "done"; tries++) {
  await new Promise((resolve) => setTimeout(resolve, 100))
  state = await api.getImport(job)
}
const report = await api.getImportReport(job)
const rejects = await api.getImportRejects(job)
const over = await api.cancelImport(job)
const imports = await api.listImports()
const file = await api.exportAll()

console.log(
  JSON.stringify({
    createPatient: [
      made.status === 201 && made.data.id,
      made.status === 201 && made.data["ward"],
      taken.status === 409 && taken.data.errors,
    ],
    getPatient: [read.status === 200 && read.data.name, missing.status === 404 && missing.data.message],
    listPatients: [
      listed.status === 200 && Array.isArray(listed.data) && listed.data.map((one) => one.id),
      listed.headers.get("X-Total-Count"),
      paged.status === 200 && !Array.isArray(paged.data) && paged.data.items,
    ],
    replacePatient: [
      replaced.status === 200 && replaced.data.age,
      replaced.status === 200 && (replaced.data["ward"] ?? null),
      late.status,
    ],
    updatePatient: updated.status === 200 && updated.data.lastVisit,
    listHistoryOfPatient: history.status === 200 && history.data.map((one) => one.change),
    getVersionOfPatient: version.status === 200 && version.data.record?.lastVisit,
    restorePatient: [
      restored.status === 200 && restored.data.age,
      restored.status === 200 && restored.data["ward"],
      never.status,
    ],
    listChanges: changes.status === 200 && changes.data.changes.slice(-4).map((one) => one.change),
    deletePatient: gone.status === 200 && gone.data.name,
    checkHealth: health.status === 200 && health.data.status,
    startImport: importing.status === 202 && importing.data.dryRun,
    getImport: state.status === 200 && state.data.state,
    getImportReport: report.status === 200 && report.data["status"],
    getImportRejects: rejects.status === 200 && Object.keys(rejects.data),
    cancelImport: over.status,
    listImports: imports.status === 200 && imports.data[0]?.id === job,
    exportAll: file.status === 200 && Object.keys(file.data),
    checkLiveness: live.status === 200 && live.data.status,
  }),
)
