import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { list, register } from "./patientService.js";

const FIELDS = [
  { name: "patientID", label: "Patient ID" },
  { name: "name", label: "Name" },
  { name: "age", label: "Age", type: "number" },
  { name: "gender", label: "Gender", options: ["Male", "Female", "Other"] },
  { name: "medicalCondition", label: "Condition" },
  { name: "lastVisit", label: "Last visit", type: "date" },
];

function App() {
  const [patients, setPatients] = useState([]);
  const [message, setMessage] = useState("");

  // Whatever fails is told to the person, and the page stays as it is.
  const attempt = (action) => action().catch((error) => setMessage(`Failed: ${error.message}`));
  const show = async (filter) => setPatients(await list(filter));

  useEffect(() => { attempt(show); }, []);

  const submit = (form) => attempt(async () => {
    const patient = Object.fromEntries(new FormData(form));
    if (patients.some((known) => known.patientID === patient.patientID)) {
      throw new Error(`Patient ID ${patient.patientID} is already registered.`);
    }
    await register({ ...patient, age: Number(patient.age) });
    setMessage(`Registered ${patient.name}.`);
    form.reset();
    await show();
  });

  const search = (form) => attempt(async () => {
    const { name } = Object.fromEntries(new FormData(form));
    await show(name ? { name } : {});
    setMessage("");
  });

  return (
    <main>
      <h1>Patients</h1>
      <p role="status">{message}</p>
      <Form title="Register" fields={FIELDS} onSubmit={submit} />
      <Form title="Search" fields={[{ name: "name", label: "Full name", optional: true }]} onSubmit={search} />
      <ul aria-label="Patients">
        {patients.map((patient) => <li key={patient.id}>{patient.patientID}: {patient.name}</li>)}
      </ul>
    </main>
  );
}

function Form({ title, fields, onSubmit }) {
  return (
    <form aria-label={title} onSubmit={(event) => { event.preventDefault(); onSubmit(event.target); }}>
      {fields.map((field) => <label key={field.name}>{field.label} <Input {...field} /></label>)}
      <button>{title}</button>
    </form>
  );
}

function Input({ name, type = "text", options, optional = false }) {
  if (!options) return <input name={name} type={type} required={!optional} />;
  return <select name={name}>{options.map((option) => <option key={option}>{option}</option>)}</select>;
}

createRoot(document.getElementById("root")).render(<App />);
