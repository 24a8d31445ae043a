// Every operation by openapi-typescript's types and openapi-fetch; what came of each, as JSON.
import createClient from "openapi-fetch"
import type { paths } from "./schema.d.ts"

const client = createClient<paths>({ baseUrl: "http://127.0.0.1:8000" })
const path = { id: "a/b c" }
const whole = {
  patientID: "C1",
  name: "Núria",
  age: 39,
  gender: "Female" as const,
  medicalCondition: "Asthma",
  lastVisit: "2024-07-01",
}

const made = await client.POST("/patients", { body: { id: path.id, ...whole, ward: "B" } })
const taken = await client.POST("/patients", { body: whole })
const read = await client.GET("/patients/{id}", { params: { path } })
const listed = await client.GET("/patients", {
  params: { query: { _filter: { age_lt: 40, name_contains: "ÚRI" }, gender: ["Male", "Female"], _limit: 1 } },
})
const paged = await client.GET("/patients", { params: { query: { q: "núria", _page: 1, _per_page: 5 } } })
const header = { "If-Match": read.response.headers.get("ETag") ?? "" }
const replaced = await client.PUT("/patients/{id}", { params: { path, header }, body: { ...whole, age: 40 } })
const late = await client.PUT("/patients/{id}", { params: { path, header }, body: whole })
const updated = await client.PATCH("/patients/{id}", { params: { path }, body: { lastVisit: "2024-07-02" } })
const history = await client.GET("/patients/{id}/history", { params: { path, query: { _limit: 2 } } })
const number = history.data?.[0]?.version ?? 0
const version = await client.GET("/patients/{id}/history/{version}", { params: { path: { ...path, version: number } } })
const versions = await client.GET("/patients/{id}/history", { params: { path } })
const first = { version: versions.data?.at(-1)?.version ?? 0 }
const restored = await client.POST("/patients/{id}/history", { params: { path }, body: first })
const never = await client.POST("/patients/{id}/history", { params: { path: { id: "none" } }, body: first })
const changes = await client.GET("/changes", { params: { query: { id: [path.id] } } })
const gone = await client.DELETE("/patients/{id}", { params: { path } })
const missing = await client.GET("/patients/{id}", { params: { path } })
const health = await client.GET("/health")
const live = await client.GET("/health/live")

const importing = await client.POST("/imports", { body: { patients: [{ id: "x", name: "" }] } })
const job = { id: importing.data?.id ?? "" }
let state = await client.GET("/imports/{id}", { params: { path: job } })
for (let tries = 0; tries < 300 && state.data?.state !== "done"; tries++) {
  await new Promise((resolve) => setTimeout(resolve, 100))
  state = await client.GET("/imports/{id}", { params: { path: job } })
}
const report = await client.GET("/imports/{id}/report", { params: { path: job } })
const rejects = await client.GET("/imports/{id}/rejects", { params: { path: job } })
const over = await client.DELETE("/imports/{id}", { params: { path: job } })
const imports = await client.GET("/imports")
const file = await client.GET("/exports")

const rows = Array.isArray(listed.data) ? listed.data : []
console.log(
  JSON.stringify({
    createPatient: [made.data?.id, made.data?.["ward"], taken.error?.errors],
    getPatient: [read.data?.name, missing.error?.message],
    listPatients: [
      rows.map((one) => one.id),
      listed.response.headers.get("X-Total-Count"),
      paged.data && !Array.isArray(paged.data) ? paged.data.items : null,
    ],
    replacePatient: [replaced.data?.age, replaced.data?.["ward"] ?? null, late.error?.status],
    updatePatient: updated.data?.lastVisit,
    listHistoryOfPatient: history.data?.map((one) => one.change),
    getVersionOfPatient: version.data?.record?.lastVisit,
    restorePatient: [restored.data?.age, restored.data?.["ward"], never.error?.status],
    listChanges: changes.data?.changes.slice(-4).map((one) => one.change),
    deletePatient: gone.data?.name,
    checkHealth: health.data?.status,
    startImport: importing.data?.dryRun,
    getImport: state.data?.state,
    getImportReport: report.data?.["status"],
    getImportRejects: Object.keys(rejects.data ?? {}),
    cancelImport: over.error?.status,
    listImports: imports.data?.[0]?.id === job.id,
    exportAll: Object.keys(file.data ?? {}),
    checkLiveness: live.data?.status,
  }),
)
