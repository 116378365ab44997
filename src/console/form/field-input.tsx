/** A field of the form, with its label, what it is for, and what is wrong with it. */
import { Text } from "../parts/text.tsx";
import type { Field } from "./fields.ts";
import { type FieldErrors, pathOf, type Typed } from "./values.ts";

interface FieldProps {
  readonly field: Field;
  readonly typed: Typed;
  readonly path: string;
  readonly errors: FieldErrors;
  readonly onType: (typed: Typed) => void;
}

export function FieldInput({ field, typed, path, errors, onType }: FieldProps) {
  if (field.kind === "group") return <Group field={field} {...{ typed, path, errors, onType }} />;
  const id = `field-${path}`;
  const error = errors[path];
  const help = field.description === "" && field.kind !== "lines" && field.kind !== "json" ? undefined : `${id}-help`;
  return (
    <div class="field">
      <label for={id}>
        {field.name === "" ? "Input" : <Text of={field.name} />}
        {field.isRequired ? null : <span class="soft"> optional</span>}
      </label>
      <Input
        field={field}
        typed={typeof typed === "string" ? typed : ""}
        onType={onType}
        attributes={{
          id,
          "aria-invalid": error !== undefined,
          "aria-describedby":
            [help, error === undefined ? undefined : `${id}-error`].filter(Boolean).join(" ") || undefined,
        }}
      />
      {error === undefined ? null : (
        <p class="field-error" id={`${id}-error`}>
          ✗ {error}
        </p>
      )}
      {help === undefined ? null : (
        <p class="help" id={help}>
          <Text of={field.description} />
          {field.kind === "lines"
            ? " One a line."
            : field.kind === "json"
              ? ' JSON: a text stands in quotes, as "hello".'
              : ""}
        </p>
      )}
    </div>
  );
}

function Group({ field, typed, path, errors, onType }: FieldProps & { field: Extract<Field, { kind: "group" }> }) {
  const within = typeof typed === "string" ? {} : typed;
  const fields = field.fields.map((one) => (
    <FieldInput
      key={one.name}
      field={one}
      typed={within[one.name] ?? ""}
      path={pathOf(path, one.name)}
      errors={errors}
      onType={(value) => onType({ ...within, [one.name]: value })}
    />
  ));
  if (path === "") return <>{fields}</>;
  return (
    <fieldset class="group">
      <legend>
        <Text of={field.name} />
        {field.isRequired ? null : <span class="soft"> optional</span>}
      </legend>
      {fields}
    </fieldset>
  );
}

interface InputProps {
  readonly field: Exclude<Field, { kind: "group" }>;
  readonly typed: string;
  readonly onType: (typed: string) => void;
  readonly attributes: {
    readonly id: string;
    readonly "aria-invalid": boolean;
    readonly "aria-describedby": string | undefined;
  };
}

function Input({ field, typed, onType, attributes }: InputProps) {
  const value = { ...attributes, value: typed };
  switch (field.kind) {
    case "text":
      if (!field.isLong) return <input type="text" {...value} onInput={(event) => onType(event.currentTarget.value)} />;
      return <textarea rows={2} {...value} onInput={(event) => onType(event.currentTarget.value)} />;
    case "lines":
    case "json":
      return (
        <textarea
          class="code"
          rows={field.kind === "json" ? 4 : 3}
          spellcheck={false}
          {...value}
          onInput={(event) => onType(event.currentTarget.value)}
        />
      );
    case "number":
      return (
        <input
          type="text"
          inputMode={field.isWhole ? "numeric" : "decimal"}
          {...value}
          onInput={(event) => onType(event.currentTarget.value)}
        />
      );
    case "boolean":
      return (
        <Choice
          {...{ value, onType }}
          mayBeEmpty={!field.isRequired}
          options={[
            ["true", "yes"],
            ["false", "no"],
          ]}
        />
      );
    case "choice":
      return (
        <Choice
          {...{ value, onType }}
          mayBeEmpty={!field.isRequired || typed === ""}
          options={field.options.map((option, place) => [
            String(place),
            typeof option === "string" ? option : JSON.stringify(option),
          ])}
        />
      );
    default:
      return field satisfies never;
  }
}

interface ChoiceProps {
  readonly value: InputProps["attributes"] & { readonly value: string };
  readonly onType: (typed: string) => void;
  readonly mayBeEmpty: boolean;
  readonly options: readonly (readonly [string, string])[];
}

function Choice({ value, onType, mayBeEmpty, options }: ChoiceProps) {
  return (
    <select {...value} onChange={(event) => onType(event.currentTarget.value)}>
      {mayBeEmpty ? <option value="">–</option> : null}
      {options.map(([name, word]) => (
        <option key={name} value={name}>
          {word}
        </option>
      ))}
    </select>
  );
}
