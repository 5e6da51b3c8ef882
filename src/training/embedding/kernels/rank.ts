/** For each row of scores [rows, columns], counts the scores that are greater than targets[row], and those that equal it. NaN counts as neither. */
export function rank(scores: usize, rows: u32, columns: u32, targets: usize, better: usize, equal: usize): void {
  for (let row: u32 = 0; row < rows; row++) {
    const target = load<f32>(targets + (row << 2));
    const targets4 = f32x4.splat(target);
    let above0 = i32x4.splat(0);
    let above1 = above0;
    let same0 = above0;
    let same1 = above0;
    const end = scores + (<usize>columns << 2);
    let p = scores;
    for (; p + 32 <= end; p += 32) {
      const a = v128.load(p);
      const b = v128.load(p, 16);
      above0 = i32x4.sub(above0, f32x4.gt(a, targets4));
      above1 = i32x4.sub(above1, f32x4.gt(b, targets4));
      same0 = i32x4.sub(same0, f32x4.eq(a, targets4));
      same1 = i32x4.sub(same1, f32x4.eq(b, targets4));
    }
    let above = sumLanes(i32x4.add(above0, above1));
    let same = sumLanes(i32x4.add(same0, same1));
    for (; p < end; p += 4) {
      const score = load<f32>(p);
      above += u32(score > target);
      same += u32(score == target);
    }
    store<u32>(better + (row << 2), above);
    store<u32>(equal + (row << 2), same);
    scores = end;
  }
}

// @ts-ignore: decorator
@inline
function sumLanes(lanes: v128): u32 {
  return (
    i32x4.extract_lane(lanes, 0) +
    i32x4.extract_lane(lanes, 1) +
    i32x4.extract_lane(lanes, 2) +
    i32x4.extract_lane(lanes, 3)
  );
}
