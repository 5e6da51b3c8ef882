/** Formats diagnostics as SARIF 2.1.0, which code-scanning services and editors read. */
import { type Code, codes } from '../../../base/diagnostics/codes.ts';
import { type Diagnostic, type Edit, sortDiagnostics } from '../../../base/diagnostics/diagnostic.ts';
import { positionAt, type Source, type Span } from '../../../base/text/source.ts';
import { groupBy } from '../../../base/util/objects.ts';
import { firstSentence, readErrorPage } from '../../../compiler/explain/error_page.ts';

/** Returns one SARIF run, with a rule for each code that occurs. */
export function sarif(diagnostics: readonly Diagnostic[], version: string): object {
  const orderedDiagnostics = sortDiagnostics(diagnostics);
  const usedCodes = [...new Set(orderedDiagnostics.map(({ code }) => code))];
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'tower', semanticVersion: version, rules: usedCodes.map(ruleOf) } },
        columnKind: 'utf16CodeUnits',
        results: orderedDiagnostics.map((diagnostic) => resultOf(diagnostic, usedCodes.indexOf(diagnostic.code))),
      },
    ],
  };
}

function ruleOf(code: Code): object {
  const { means } = readErrorPage(code);
  return {
    id: code,
    shortDescription: { text: firstSentence(means) },
    fullDescription: { text: means },
    defaultConfiguration: { level: codes[code].severity },
  };
}

function resultOf({ code, severity, message, hint, at, notes, fixes }: Diagnostic, ruleIndex: number): object {
  return {
    ruleId: code,
    ruleIndex,
    level: severity,
    message: { text: hint === undefined ? message : `${message}\n${hint}` },
    locations: at ? [{ physicalLocation: locationOf(at) }] : [],
    ...(notes.length > 0
      ? {
          relatedLocations: notes.map((note, id) => ({
            id,
            message: { text: note.message },
            physicalLocation: locationOf(note.at),
          })),
        }
      : {}),
    ...(fixes.length > 0 ? { fixes: fixes.map((fix) => ({ artifactChanges: changesOf(fix) })) } : {}),
  };
}

function changesOf(edits: readonly Edit[]): object[] {
  return [...groupBy(edits, ({ at }) => at.source)].map(([source, sourceEdits]) => ({
    artifactLocation: { uri: uriOf(source) },
    replacements: sourceEdits.map(({ at, text }) => ({ deletedRegion: regionOf(at), insertedContent: { text } })),
  }));
}

function locationOf(at: Span): object {
  return { artifactLocation: { uri: uriOf(at.source) }, region: regionOf(at) };
}

/** Converts a span. Lines and columns are from 1, and the end is after the last character, as in SARIF. */
function regionOf({ source, start, end }: Span): object {
  const [from, to] = [positionAt(source, start), positionAt(source, end)];
  return { startLine: from.line, startColumn: from.column, endLine: to.line, endColumn: to.column };
}

/** Returns a URI relative to the working folder, like the names of sources. */
const uriOf = ({ name }: Source): string => name.replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/');

/** Formats one line per diagnostic; an empty text if there are none. */
export function annotations(diagnostics: readonly Diagnostic[]): string {
  return sortDiagnostics(diagnostics).map(annotation).join('\n');
}

function annotation({ severity, code, message, hint, at }: Diagnostic): string {
  const properties: string[] = [];
  if (at) {
    const [from, to] = [positionAt(at.source, at.start), positionAt(at.source, at.end)];
    properties.push(`file=${property(at.source.name.replaceAll('\\', '/'))}`, `line=${from.line}`);
    // Columns are only valid within one line.
    if (to.line === from.line)
      properties.push(`col=${from.column}`, `endColumn=${Math.max(from.column, to.column - 1)}`);
    else properties.push(`endLine=${to.line}`);
  }
  properties.push(`title=${property(code)}`);
  return `::${severity} ${properties.join(',')}::${data(hint === undefined ? message : `${message}\n${hint}`)}`;
}

const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
