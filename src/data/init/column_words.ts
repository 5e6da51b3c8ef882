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
  const name = wordsOf(text.replaceAll('ß', 'ss')).join('_');
  return [name, `${otherwise}_${name}`].find(isIdentifier) ?? otherwise;
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
export const wordsOf = (name: string): readonly string[] =>
  name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .normalize('NFKD')
    .replaceAll(/(\p{Script=Latin})\p{M}+/gu, '$1')
    .normalize('NFC')
    .replaceAll(/(?<=[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー])(?=[A-Za-z])/gu, ' ')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .flatMap(splitWord)
    .filter((word) => word !== '');

/** Splits `movieid` into two words, like `movie_id`, and `用户编号`, which has no blanks, before and after the words that are known. */
function splitWord(word: string): readonly string[] {
  if (/\p{Script=Han}|\p{Script=Katakana}/u.test(word)) return word.split(eastAsianWords);
  const [, prefix, ending] = /^(id)(\w{4,})$/.exec(word) ?? [];
  if (ending !== undefined && isKey(ending)) return [ending, prefix!];
  const [, base, id] = /^(\w{3,}?)(ids?|uid|uuid|name|nr|no|nummer|code)$/.exec(word) ?? [];
  return base !== undefined && isKey(base) ? [base, id!] : [word];
}

const isKey = (word: string): boolean =>
  (['user', 'item', 'basket'] as const).some((meaning) => wordsByMeaning.get(meaning)!.has(word));

/** Words in English, and in other languages that occur in files. */
const meanings = {
  user: `user users usr uid customer customers cust client clients member members visitor visitors session sessions person persons people
    player players reader readers reviewer reviewers buyer buyers consumer shopper subscriber listener listeners viewer viewers profile household account accounts msno
    learner learners student students pupil guest guests patient patients passenger candidate candidates applicant applicants employee employees worker rater voter
    donor borrower patron rider traveller email who kunde kunden konto käufer kaufer nutzer benutzer utilisateur usuario cliente klant utente fullvisitor cookie device
    leser nutzername 用户 顧客 顾客 客户 会员 買家 买家 会員 利用者 ユーザー`,
  item: `item items itm iid product products prod article articles sku asin movie movies film films song songs track tracks artist artists
    album albums book books isbn place places poi venue venues business businesses restaurant restaurants recipe recipes game games
    news doc docs document documents video videos ad ads offer offers course courses job jobs vacancy listing hotel hotels anime beer beers wine wines dish
    artikel produkt produit producto articulo livre libro buch prodotto content page pages url destination app apps podcast post posts tweet tweets episode episodes
    paper papers package packages repo repository property series
    area areas synset answer passage merchant merchants vendor vendors shop store event_id playlist joke jokes
    商品 物品 作品 产品 製品 电影 映画 书籍 書籍 图书 图書 歌曲 曲 视频 動画 文章 記事 店铺`,
  time: `time timestamp timestamps ts date datetime datum zeit zeitpunkt zeitstempel when created createdat updated at day moment fecha heure hora unix
    unixtime epoch unixreviewtime reviewtime eventtime occurred seen visited watched purchased bought ordered placed
    时间戳 时间 日期 日付 日時 時刻 日`,
  rating: `rating ratings rate stars star score scores overall grade note punkte bewertung bewertungen sterne calificacion valoracion nota review_score relevance wertung
    评分 评价 評価 星级 点数`,
  action: `click clicks clicked like likes liked buy bought purchase purchased converted conversion bookmark bookmarked save saved share shared follow
    followed cart carted subscribed installed read_it watched skip finished completed label target is_read gekauft geklickt favorite favourite starred`,
  count: `count counts plays playcount playcounts listens listen times quantity qty amount n num number views viewcount weight frequency freq anzahl menge visits hits seconds
    duration minutes hours playtime dwell watch_time stunden spend 数量 次数 回数 件数`,
  kind: `event events type eventtype action actions behavior behaviour activity interaction 行为 類型 类型 行動`,
  fold: `fold split part subset set partition`,
  title: `title titles name names label headline caption titel nom nombre titolo bezeichnung titre 标题 名称 名 タイトル`,
  text: `title titles name description descriptions text body abstract content summary plot overview headline question query answer passage gloss review comment caption beschreibung
    synopsis bio about subject lemma`,
  query: `query queries question questions q search term keyword keywords lemma prompt anfrage frage suchbegriff`,
  address: `url urls link image img picture poster thumbnail href uri photo email mail phone telefon fax path file filename hash md5 uuid guid geom imdb tmdb zip ip latitude longitude lat lon lng fips geometry address street`,
  outcome: `review reviews comment comments summary feedback votes vote helpful reply response verified rank position outcome result cancelled returned text
    delay arrival paid total revenue profit tag tags error status`,
  context: `device platform os browser hour weekday dow day_of_week month season channel source referrer referer country region state city origin location locale language lang
    page_type placement surface position_shown app_version weather store gender age sex occupation tier plan`,
  basket: `basket baskets order orders cart carts invoice invoices receipt receipts transaction transactions commit commits trip trips visit visits
    bon bons beleg belege rechnung bestellung pedido commande 订单 注文 伝票`,
  happening: `review reviews order booking event purchase rating visit play posted created 購入 注文 下单 购买 貸出`,
  person: `age gender sex birth born birthday birthdate dob alter geschlecht geburt geburtsjahr occupation 性别 性別 年龄 年齢`,
  thing: `genre genres price brand category categories release publisher author authors director cuisine topics skills tags ingredients 类别 類別 分类 品牌 价格 価格 カテゴリ ブランド 作者 著者`,
  id: `id ids uri urn guid ref handle key code nr no number num uid uuid asin isbn sku nummer 编号 編號 代码 番号 コード 号`,
} as const;

type NameMeaning = keyof typeof meanings;

const wordsByMeaning = new Map<NameMeaning, ReadonlySet<string>>(
  (Object.keys(meanings) as NameMeaning[]).map((meaning) => [
    meaning,
    new Set(meanings[meaning].split(/\s+/).flatMap((word) => [word, word.replaceAll('_', '')])),
  ]),
);

/** Matches the known words of languages without blanks, the longer ones first. The parentheses keep them when a word is split. */
const eastAsianWords = new RegExp(
  `(${[...new Set([...wordsByMeaning.values()].flatMap((words) => [...words]))]
    .filter((word) => /\P{ASCII}/u.test(word) && !/\p{Script=Latin}/u.test(word))
    .sort((a, b) => b.length - a.length)
    .join('|')})`,
  'u',
);

/** Returns the word in a name that has this meaning; all words joined count as a word too. */
export function meansOf(name: string, meaning: NameMeaning): string | undefined {
  const words = wordsOf(name);
  const table = wordsByMeaning.get(meaning)!;
  return [...words, words.join('')].find((word) => table.has(word));
}
