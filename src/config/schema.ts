/**
 * What a field of a configuration document may hold. The tables (fields-*.ts) are made of these; decode.ts walks them,
 * and `Decoded` is the TypeScript type of what comes out.
 */
export type Scalar =
  | 'string'
  | 'boolean'
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'float'
  | 'duration'
  /** A Go duration, or nanoseconds as a number (component-base logs/api/v1 TimeOrMetaDuration). */
  | 'durationOrNumber'
  /** RFC 3339. */
  | 'time'
  | 'quantity';

export type Fields = { readonly [name: string]: FieldType };
type ListType = { readonly list: FieldType };
type MapType = { readonly map: FieldType };
type ObjectType = { readonly fields: Fields };
type ChoiceType = { readonly oneOf: readonly string[] };
export type FieldType = Scalar | ListType | MapType | ObjectType | ChoiceType;

/** A list of values of one type. */
export function list<T extends FieldType>(item: T): { readonly list: T } {
  return { list: item };
}

/** A mapping with free keys and values of one type. */
export function map<T extends FieldType>(value: T): { readonly map: T } {
  return { map: value };
}

/** A mapping with these keys and no others. */
export function object<F extends Fields>(fields: F): { readonly fields: F } {
  return { fields };
}

/** One of these words; the empty string is as good as absent. */
export function oneOf<const C extends readonly string[]>(...words: C): { readonly oneOf: C } {
  return { oneOf: words };
}

type DecodedScalar<T> = T extends 'boolean'
  ? boolean
  : T extends 'int32' | 'int64' | 'uint32' | 'float'
    ? number
    : T extends 'quantity' | 'durationOrNumber'
      ? string | number
      : string;

/** What decode.ts makes of a value of this type: right in type, and every member may be absent. */
export type Decoded<T> = T extends { readonly list: infer I }
  ? readonly Decoded<I>[]
  : T extends { readonly map: infer V }
    ? Readonly<Record<string, Decoded<V>>>
    : T extends { readonly fields: infer F }
      ? { readonly [K in keyof F]?: Decoded<F[K]> | undefined }
      : T extends { readonly oneOf: readonly (infer W)[] }
        ? W
        : DecodedScalar<T>;
