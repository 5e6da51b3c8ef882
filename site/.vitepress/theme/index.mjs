/** The theme of VitePress in the design of the project, with three more layouts: the first page, the gallery, and a page of its own in a frame. */
import { useData, withBase } from 'vitepress';
import DefaultTheme from 'vitepress/theme-without-fonts';
import { h, onMounted, ref, watch } from 'vue';
import Gallery from './Gallery.vue';
import Start from './Start.vue';
import '../../pages/.design.css';
import './style.css';
import './gallery.css';
import './start.css';

const Frame = {
  setup() {
    const { frontmatter, isDark } = useData();
    const hash = ref('');
    const inner = ref();
    const paint = () => {
      const page = inner.value?.contentDocument?.documentElement;
      if (page) page.dataset.theme = isDark.value ? 'dark' : 'light';
    };
    watch(isDark, paint);
    // A link may hold the text of a model: the page in the frame reads it.
    onMounted(() => {
      hash.value = location.hash;
    });
    return () => {
      const { frame, title } = frontmatter.value;
      return h('main', [
        h('h1', { class: 'visually-hidden' }, title),
        h('iframe', {
          ...{ ref: inner, class: 'frame', key: hash.value, title },
          ...{ src: withBase(frame) + hash.value, onLoad: paint },
        }),
      ]);
    };
  },
};

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    for (const [name, layout] of Object.entries({ Frame, Gallery, Start })) app.component(name, layout);
  },
};
