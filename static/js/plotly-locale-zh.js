// Chinese names of days and months for plotly; its own locale file is not made for a plain script element.
if (window.Plotly) {
  const months = ["1月", "2月", "3月", "4月", "5月", "6月", "7月", "8月", "9月", "10月", "11月", "12月"];
  window.Plotly.register({
    moduleType: "locale",
    name: "zh",
    dictionary: {},
    format: {
      days: ["星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"],
      shortDays: ["周日", "周一", "周二", "周三", "周四", "周五", "周六"],
      months,
      shortMonths: months,
      date: "%Y-%m-%d",
      decimal: ".",
      thousands: ",",
    },
  });
}
