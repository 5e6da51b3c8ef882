/** Splits column names into words, which are equal for `userId`, `user_id` and `USER ID`, and makes names of the language from them. */
import { isIdentifier } from '../../base/text/names.ts';
import { unusedName } from '../look/looked_table.ts';

export interface ColumnNames {
  /** Returns a name for a column, always the same one for the same column. `otherwise` is the fallback for a name without usable words. */
  of(column: string, otherwise: string): string;
}

/** Names with a different meaning in the starter project. */
const reserved: ReadonlySet<string> = new Set(
  'history recent latest strength asked offered shared main choose liked vector'.split(' '),
);

export function slug(text: string, otherwise: string): string {
  const plainWords = wordsOf(text.replaceAll('ß', 'ss'))
    .filter((word) => /^[a-z0-9]+$/.test(word))
    .join('_');
  if (plainWords === '') return otherwise;
  return /^[a-z_]/.test(plainWords) ? plainWords : `${otherwise}_${plainWords}`;
}

/** @param columns names of the columns in all files; no other column gets one of these */
export function makeNames(columns: readonly string[]): ColumnNames {
  const namesByColumn = new Map<string, string>();
  const usedNames = new Set(columns.filter(isIdentifier).map((name) => name.toLowerCase()));
  for (const reservedName of reserved) usedNames.add(reservedName);
  return {
    of(column, otherwise) {
      if (isIdentifier(column) && !reserved.has(column.toLowerCase())) return column;
      const earlierName = namesByColumn.get(column.toLowerCase());
      if (earlierName !== undefined) return earlierName;
      const name = unusedName(slug(column, otherwise), usedNames);
      namesByColumn.set(column.toLowerCase(), name);
      return name;
    },
  };
}

/** Splits a name into lower-case words without accents, at changes to upper case, digits and punctuation. */
export function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .flatMap(splitWord)
    .filter((word) => word !== '');
}

/** Splits `movieid` into two words, like `movie_id`. */
function splitWord(word: string): readonly string[] {
  const [, base, id] = /^(\w{3,}?)(ids?|uid|uuid|name|nr|no|nummer|code)$/.exec(word) ?? [];
  const isKnown = base !== undefined && (['user', 'item'] as const).some((side) => wordsByMeaning.get(side)!.has(base));
  return isKnown ? [base, id!] : [word];
}

/** Words in English, and in other languages that occur in files. */
const meanings = {
  user: `user users usr uid customer customers cust client clients member members visitor visitors session sessions person persons people
    player players reader readers reviewer reviewers buyer buyers consumer shopper subscriber listener listeners viewer viewers profile household account accounts msno
    learner learners student students pupil guest guests patient patients passenger candidate candidates applicant applicants employee employees worker rater voter
    donor borrower patron rider traveller email who kunde kunden konto käufer kaufer nutzer benutzer utilisateur usuario cliente klant utente fullvisitor cookie device
    用户 顧客 ユーザー`,
  item: `item items itm iid product products prod article articles sku asin movie movies film films song songs track tracks artist artists
    album albums book books isbn place places poi venue venues business businesses restaurant restaurants recipe recipes game games
    news doc docs document documents video videos ad ads offer offers course courses job jobs vacancy listing hotel hotels anime beer beers wine wines dish
    artikel produkt produit producto articulo livre libro buch prodotto content page pages url destination app apps podcast post posts tweet tweets episode episodes
    paper papers package packages repo repository property series
    area areas synset answer passage merchant merchants vendor vendors shop store event_id playlist 商品 物品 作品`,
  time: `time timestamp timestamps ts date datetime datum zeit zeitpunkt zeitstempel when created createdat updated at day moment fecha heure hora unix
    unixtime epoch unixreviewtime reviewtime eventtime occurred seen visited watched purchased bought ordered placed 时间 日付`,
  rating: `rating ratings rate stars star score scores overall grade note punkte bewertung bewertungen sterne calificacion valoracion nota review_score relevance wertung`,
  action: `click clicks clicked like likes liked buy bought purchase purchased converted conversion bookmark bookmarked save saved share shared follow
    followed cart carted subscribed installed read_it watched skip finished completed label target is_read gekauft geklickt favorite favourite starred`,
  count: `count counts plays playcount playcounts listens listen times quantity qty amount n num number views viewcount weight frequency freq anzahl menge visits hits seconds
    duration minutes hours playtime dwell watch_time stunden spend`,
  kind: `event events type eventtype action actions behavior behaviour activity interaction`,
  fold: `fold split part subset set partition`,
  title: `title titles name names label headline caption titel nom nombre titolo bezeichnung titre 标题 名称`,
  text: `title titles name description descriptions text body abstract content summary plot overview headline question query answer passage gloss review comment caption beschreibung
    synopsis bio about subject lemma`,
  query: `query queries question questions q search term keyword keywords lemma prompt anfrage frage suchbegriff`,
  address: `url urls link image img picture poster thumbnail href uri photo email mail phone telefon fax path file filename hash md5 uuid guid geom imdb tmdb zip ip latitude longitude lat lon lng fips geometry address street`,
  outcome: `review reviews comment comments summary feedback votes vote helpful reply response verified rank position outcome result cancelled returned text
    delay arrival paid total revenue profit tag tags error status`,
  context: `device platform os browser hour weekday dow day_of_week month season channel source referrer referer country region state city origin location locale language lang
    page_type placement surface position_shown app_version weather store gender age sex occupation tier plan`,
  basket: `basket baskets order orders cart carts invoice invoices receipt receipts transaction transactions commit commits trip trips visit visits`,
  happening: `review reviews order booking event purchase rating visit play posted created`,
  person: `age gender sex birth born birthday birthdate dob alter geschlecht geburt geburtsjahr occupation`,
  thing: `genre genres price brand category categories release publisher author authors director cuisine topics skills tags ingredients`,
  id: `id ids uri urn guid ref handle key code nr no number num uid uuid asin isbn sku nummer`,
} as const;

export type NameMeaning = keyof typeof meanings;

const wordsByMeaning = new Map<NameMeaning, ReadonlySet<string>>(
  (Object.keys(meanings) as NameMeaning[]).map((meaning) => [
    meaning,
    new Set(meanings[meaning].split(/\s+/).flatMap((word) => [word, word.replaceAll('_', '')])),
  ]),
);

/** Returns the word in a name that has this meaning; all words joined count as a word too. */
export function meansOf(name: string, meaning: NameMeaning): string | undefined {
  const words = wordsOf(name);
  const table = wordsByMeaning.get(meaning)!;
  return [...words, words.join('')].find((word) => table.has(word));
}
