/** The map: canvases, axis, minimap, zoom, pointer and keyboard, kept in step with the store. */
import type { Stage } from '../../src/protocol/page-map.ts';
import { el } from '../dom.ts';
import type { StageModel } from '../model/stage.ts';
import { paintBandMark, paintEquals, paintFrame, paintHover } from '../paint/overlay.ts';
import { readTheme, watchTheme, type MapTheme } from '../paint/theme.ts';
import {
  shownModels,
  shownStages,
  type PageRef,
  type Selection,
  type Store,
  type ViewState,
} from '../state.ts';
import { AxisView } from './axis.ts';
import { firstPage, isMoveKey, moveByKey, type KeyContext } from './keys.ts';
import { Minimap } from './minimap.ts';
import { Painter } from './painter.ts';
import { Viewport } from './viewport.ts';
import { MapZoom, type ZoomChange } from './zoom.ts';

export interface MapHooks {
  selection: (state: ViewState) => Selection;
  /** What stands above the bands of a stage. */
  title: (stage: Stage) => { name: string; facts: string };
  /** Where the tooltip of a page, or of nothing, belongs. */
  point: (ref: PageRef | undefined, x: number, y: number) => void;
  /** The user asked for the detail of a page. */
  open: (ref: PageRef, byKeyboard: boolean) => void;
  close: () => void;
  /** Zoom or place changed. */
  moved: () => void;
}

export class MapView {
  readonly element: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  readonly #base: HTMLCanvasElement;
  readonly #scroller: HTMLElement;
  readonly #spacer: HTMLElement;
  readonly #sheet: HTMLElement;
  readonly #axis = new AxisView();
  readonly #minimap: Minimap;
  readonly #painter: Painter;
  readonly #viewport: Viewport;
  readonly #zoom: MapZoom;
  #theme: MapTheme;
  #dirty: 'nothing' | 'overlay' | 'all' = 'nothing';

  constructor(
    readonly store: Store,
    readonly hooks: MapHooks,
  ) {
    this.#base = el('canvas', { class: 'cells', 'aria-hidden': 'true' });
    this.canvas = el('canvas', {
      class: 'overlay',
      id: 'map',
      tabindex: 0,
      role: 'application',
      'aria-label': 'Page map',
      'aria-roledescription': 'page map',
      'aria-describedby': 'map-help',
    });
    this.#sheet = el('div', { class: 'sheet' }, this.#base, this.canvas);
    this.#spacer = el('div', { class: 'spacer' }, this.#sheet);
    this.#scroller = el('div', { class: 'scroller' }, this.#spacer);
    this.#viewport = new Viewport(store.state.model);
    this.#minimap = new Minimap(
      (from, to) => this.#zoom.show(from, to),
      () => this.#zoom.fit(),
    );
    this.element = el(
      'div',
      { class: 'map' },
      this.#minimap.element,
      el('div', { class: 'axis-row' }, this.#axis.element),
      this.#scroller,
    );
    this.#painter = new Painter(this.#base);
    this.#theme = readTheme(document.body);
    this.#zoom = new MapZoom(this.canvas, this.#viewport, (change) => this.#zoomed(change));
    this.#listen();
  }

  get zoom(): MapZoom {
    return this.#zoom;
  }

  /** Brings a page into view and puts the cursor there. */
  goTo(ref: PageRef): void {
    const stage = this.store.state.model.stages[ref.stage];
    if (!stage) return;
    this.#zoom.reveal(stage.column[ref.page] ?? 0);
    this.#revealRow(stage, ref.page);
    this.store.set({ cursor: ref });
    this.#pointAt(ref);
  }

  #listen(): void {
    new ResizeObserver(() => this.#resize()).observe(this.#scroller);
    watchTheme(() => {
      this.#theme = readTheme(document.body);
      this.#painter.fitter.clear();
      this.#resize();
    });
    this.#scroller.addEventListener('scroll', () => {
      this.#viewport.scroll = this.#scroller.scrollTop;
      this.#viewport.clampScroll();
      this.#schedule('all');
    });
    this.store.subscribe((state, previous) => this.#changed(state, previous));
    this.canvas.addEventListener('pointermove', (event) => this.#hover(event));
    this.canvas.addEventListener('pointerleave', () => this.#leave());
    this.canvas.addEventListener('click', (event) => this.#click(event));
    this.canvas.addEventListener('keydown', (event) => this.#key(event));
    this.canvas.addEventListener('focus', () => this.#focused());
    this.canvas.addEventListener('blur', () => this.#leave());
  }

  #changed(state: ViewState, previous: ViewState): void {
    if (
      state.model !== previous.model ||
      state.view !== previous.view ||
      state.latest !== previous.latest
    ) {
      this.#viewport.model = state.model;
      this.#resize();
      return;
    }
    const repaint = state.filter !== previous.filter || state.query !== previous.query;
    this.#schedule(repaint || state.refining !== previous.refining ? 'all' : 'overlay');
  }

  #resize(): void {
    const viewport = this.#viewport;
    const box = this.#scroller.getBoundingClientRect();
    viewport.size = {
      width: Math.max(120, Math.floor(this.#scroller.clientWidth)),
      height: Math.max(80, Math.floor(box.height)),
      ratio: window.devicePixelRatio || 1,
    };
    viewport.gutter = this.#gutterWidth();
    viewport.stages = shownStages(this.store.state);
    viewport.layout();
    const { width, height, ratio } = viewport.size;
    for (const canvas of [this.#base, this.canvas]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    this.#zoom.resize();
    this.#syncScroll();
    this.#schedule('all');
  }

  /** Room for the longest name, up to a fifth of the width. */
  #gutterWidth(): number {
    const { width } = this.#viewport.size;
    const context = this.canvas.getContext('2d');
    if (!context) return 60;
    context.font = this.#theme.font;
    const names = this.store.state.model.map.head.unikernels.slice(0, 2000);
    const widest = Math.max(0, ...names.map(({ name }) => context.measureText(name).width));
    return Math.round(Math.min(Math.max(48, widest + 20), Math.max(56, width * 0.2)));
  }

  #zoomed({ transform, focusY, dragY }: ZoomChange): void {
    const viewport = this.#viewport;
    viewport.transform = transform;
    const middle = viewport.size.height / 2;
    viewport.layout(focusY ?? this.#cursorY() ?? middle);
    viewport.scroll -= dragY;
    viewport.clampScroll();
    this.#syncScroll();
    this.hooks.point(undefined, 0, 0);
    this.hooks.moved();
    this.#schedule('all');
  }

  #cursorY(): number | undefined {
    const { cursor, model } = this.store.state;
    const stage = cursor && model.stages[cursor.stage];
    if (!stage || document.activeElement !== this.canvas) return undefined;
    const { y } = this.#viewport.cells(stage)(cursor.page);
    return y >= 0 && y <= this.#viewport.size.height ? y : undefined;
  }

  #syncScroll(): void {
    const { bands, size, scroll } = this.#viewport;
    this.#spacer.style.height = `${Math.max(size.height, Math.floor(bands.contentHeight))}px`;
    if (Math.abs(this.#scroller.scrollTop - scroll) >= 1) this.#scroller.scrollTop = scroll;
  }

  #schedule(what: 'overlay' | 'all'): void {
    if (this.#dirty === 'nothing') requestAnimationFrame(() => this.#draw());
    if (this.#dirty !== 'all') this.#dirty = what;
  }

  #draw(): void {
    const all = this.#dirty === 'all';
    this.#dirty = 'nothing';
    const { state } = this.store;
    const selection = this.hooks.selection(state);
    if (all) {
      const exact = this.#painter.paint(this.#viewport, {
        theme: this.#theme,
        mask: selection.mask,
        title: this.hooks.title,
      });
      if (!exact) this.#schedule('all');
      this.#axis.draw(this.#viewport);
      this.#minimap.draw(this.#viewport, this.#theme, shownModels(state), selection.mask);
    }
    this.#drawOverlay(state);
  }

  #drawOverlay(state: ViewState): void {
    const context = this.canvas.getContext('2d');
    if (!context) return;
    const viewport = this.#viewport;
    const { width, height, ratio } = viewport.size;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const { first, last } = viewport.columns();
    const frame = {
      context,
      theme: this.#theme,
      left: viewport.left,
      right: viewport.right,
      firstColumn: first,
      lastColumn: last,
      bottom: height,
      cells: (stage: StageModel) => viewport.cells(stage),
    };
    const focused = document.activeElement === this.canvas;
    const lit = state.hover ?? (focused ? state.cursor : undefined) ?? state.pinned;
    const draw = (ref: PageRef | undefined, paint: typeof paintFrame): void => {
      const stage = ref && state.model.stages[ref.stage];
      if (stage && viewport.stages.includes(ref.stage)) paint(frame, stage, ref.page);
    };
    context.save();
    context.beginPath();
    context.rect(viewport.left - 3, 0, viewport.right - viewport.left + 6, height);
    context.clip();
    draw(lit, paintEquals);
    draw(state.hover, paintHover);
    draw(state.pinned, paintFrame);
    if (focused) draw(state.cursor, paintFrame);
    context.restore();
    draw(lit, (f, stage, page) => paintBandMark(f, stage, { stage: stage.stage, page }));
  }

  #hover(event: PointerEvent): void {
    if (event.buttons !== 0) return;
    const ref = this.#viewport.hit(event.offsetX, event.offsetY);
    const { hover } = this.store.state;
    if (ref?.page !== hover?.page || ref?.stage !== hover?.stage) this.store.set({ hover: ref });
    this.canvas.classList.toggle('over-page', ref !== undefined);
    this.hooks.point(ref, event.clientX, event.clientY);
  }

  #leave(): void {
    if (this.store.state.hover) this.store.set({ hover: undefined });
    else this.#schedule('overlay');
    this.hooks.point(undefined, 0, 0);
  }

  #click(event: MouseEvent): void {
    const ref = this.#viewport.hit(event.offsetX, event.offsetY);
    if (!ref) {
      this.hooks.close();
      return;
    }
    this.store.set({ cursor: ref });
    this.hooks.open(ref, false);
  }

  #focused(): void {
    const { cursor } = this.store.state;
    if (!cursor && this.canvas.matches(':focus-visible')) {
      const first = firstPage(this.#keyContext());
      if (first) this.goTo(first);
    }
    this.#schedule('overlay');
  }

  #keyContext(): KeyContext {
    const { state } = this.store;
    const { cursor } = state;
    return {
      model: state.model,
      stages: this.#viewport.stages,
      cursor: cursor && this.#viewport.stages.includes(cursor.stage) ? cursor : undefined,
      mask: this.hooks.selection(state).mask,
    };
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.#act(event.key)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  #act(key: string): boolean {
    if (isMoveKey(key)) {
      const next = moveByKey(key, this.#keyContext());
      if (next) {
        this.store.set({ hover: undefined });
        this.goTo(next);
      }
      return true;
    }
    const { cursor } = this.store.state;
    if (key === '+' || key === '=') this.#zoomAtCursor(1.6);
    else if (key === '-') this.#zoomAtCursor(1 / 1.6);
    else if (key === '0') this.#zoom.fit();
    else if ((key === 'Enter' || key === ' ') && cursor) this.hooks.open(cursor, true);
    else if (key === 'Escape') this.hooks.close();
    else return false;
    return true;
  }

  #zoomAtCursor(factor: number): void {
    const { cursor, model } = this.store.state;
    const stage = cursor && model.stages[cursor.stage];
    this.#zoom.by(factor, stage && this.#viewport.scale((stage.column[cursor.page] ?? 0) + 0.5));
  }

  #revealRow(stage: StageModel, page: number): void {
    const viewport = this.#viewport;
    const { y } = viewport.cells(stage)(page);
    const { rowHeight, groups } = viewport.bands;
    const group = groups.find((g) => g.stage === stage.stage);
    const heading = group ? group.rowsTop - group.top : 0;
    if (y < heading) viewport.scroll += y - heading;
    else if (y + rowHeight > viewport.size.height) {
      viewport.scroll += y + rowHeight - viewport.size.height;
    }
    viewport.clampScroll();
    this.#syncScroll();
    this.#schedule('all');
  }

  #pointAt(ref: PageRef): void {
    const stage = this.store.state.model.stages[ref.stage];
    if (!stage || document.activeElement !== this.canvas) return;
    const cell = this.#viewport.cells(stage)(ref.page);
    const box = this.canvas.getBoundingClientRect();
    this.hooks.point(ref, box.left + cell.x + cell.width / 2, box.top + cell.y + cell.height);
  }

  /** Zoom and place, to be saved and brought back. */
  get place(): { k: number; x: number; scroll: number } {
    const { transform, scroll } = this.#viewport;
    return { k: transform.k, x: transform.x, scroll };
  }

  restore(place: { k: number; x: number; scroll: number }): void {
    this.#zoom.restore(place.k, place.x);
    this.#viewport.scroll = place.scroll;
    this.#viewport.clampScroll();
    this.#syncScroll();
  }
}
