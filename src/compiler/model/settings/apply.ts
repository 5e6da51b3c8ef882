/** Settings in place of what a file says: the file is then checked as if it said so. */
import type { Diagnostic } from '../../../base/diagnostics/diagnostic.ts';
import type * as Ast from '../../syntax/ast.ts';
import { isModel } from '../is_model.ts';
import type { Library } from '../library.ts';
import type { Report } from '../report.ts';
import { type Files, makeFiles } from '../use.ts';
import { findSlot } from './find_slot.ts';
import type { Change } from './slot.ts';
import { readSettings, type Settings } from './text.ts';

/** What settings are applied with; mistakes of their syntax go to `found`. */
export interface SettingScope {
  readonly library: Library;
  readonly report: Report;
  readonly found: Diagnostic[];
}

/** The files as they would be with the settings. */
export function applySettings(files: Files, settings: Settings, { library, report, found }: SettingScope): Files {
  let changed = files;
  for (const { path, at, values } of readSettings(settings, report, found)) {
    const slot = findSlot({ files: changed, library, report }, { parts: path, at });
    if (!slot) continue;
    const [, second] = values;
    if (second && slot.type.is !== 'kinds') {
      report('wrong-type', second.span, { of: path.join('.'), expected: 'one value', found: 'more than one' });
      continue;
    }
    changed = replace(changed, slot.put(values));
  }
  return changed;
}

/** The files with another declaration. A new one goes to the main file, if that is a model. */
function replace({ main, all, whole }: Files, { from, to }: Change): Files {
  const changed = (file: Ast.FileNode): Ast.FileNode => {
    if (from === undefined) {
      return file === main && isModel(file) ? { ...file, declarations: [...file.declarations, to] } : file;
    }
    if (!file.declarations.includes(from)) return file;
    return { ...file, declarations: file.declarations.map((one) => (one === from ? to : one)) };
  };
  const next = all.map(({ file, folder }) => ({ file: changed(file), folder }));
  return makeFiles(next, next[all.findIndex(({ file }) => file === main)]!.file, whole);
}
