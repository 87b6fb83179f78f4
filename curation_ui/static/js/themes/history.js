// Steps back through how the lists stood, until the form is saved.
export function history(lists, restored) {
  const earlier = [];
  const stand = () => lists.map((list) => [...list.children]);
  return {
    any: () => earlier.length > 0,
    remember: () => earlier.push(stand()),
    back: () => {
      const before = earlier.pop();
      if (!before) return;
      lists.forEach((list, at) => list.replaceChildren(...before[at]));
      restored();
    },
  };
}
